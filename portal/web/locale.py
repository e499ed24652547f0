"""Language and clock of the interface: French first, English second, Paris time unless a territory says otherwise."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from babel.support import NullTranslations
from flask import Flask, current_app, request, session
from flask_babel import Babel, Domain, get_locale
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

LANGUAGES = {"fr": "Français", "en": "English"}
DEFAULT_ZONE = "Europe/Paris"


def choose_language() -> str:
    """Return the language asked in the URL, else the one kept in the session, else the browser's, else French."""
    asked = request.args.get("lang") if request else None
    if asked in LANGUAGES:
        session["lang"] = asked
        return str(asked)
    kept = session.get("lang") if request else None
    if kept in LANGUAGES:
        return str(kept)
    return (request.accept_languages.best_match(["fr", "en"]) if request else None) or "fr"


def language() -> str:
    """Return the language of the running request, mail or file: `fr` or `en`."""
    locale = get_locale()
    return locale.language if locale else "fr"


def switch_url(language: str) -> str:
    """Return the running page's URL in another language.

    What only answers a form cannot be asked for again: then the page of that form, empty when it is not known.
    """
    if request.method in {"GET", "HEAD"} or _can_be_read(request.path):
        return _in_language(request.path, request.args.to_dict(flat=False), language)
    try:
        before = urlsplit(request.referrer or "")
    except ValueError:
        return ""
    path = unquote(before.path)
    if before.netloc != request.host or not _can_be_read(path):
        return ""
    return _in_language(path, parse_qs(before.query, keep_blank_values=True), language)


def _in_language(path: str, arguments: dict[str, list[str]], language: str) -> str:
    # A page that does not exist may have any path: two slashes, or one and a backslash, would name another site.
    safe = "/" + quote(path.lstrip("/"))
    return f"{safe}?{urlencode({**arguments, 'lang': [language]}, doseq=True)}"


def _can_be_read(path: str) -> bool:
    try:
        current_app.url_map.bind(request.host).match(path, method="GET")
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


class _Sentences(Domain):
    """The catalogues, found by the language alone: a page says tens of sentences, and asks here for each."""

    def __init__(self, domain: str) -> None:
        super().__init__(domain=domain)
        self._of_language: dict[str, NullTranslations] = {}

    def get_translations(self) -> NullTranslations:
        """Return the catalogue of the language spoken now."""
        locale = get_locale()
        found = self._of_language.get(locale.language) if locale else None
        if found is not None:
            return found
        made: NullTranslations = super().get_translations()
        if locale:
            self._of_language[locale.language] = made
        return made


class _Babel(Babel):
    @cached_property
    def domain_instance(self) -> _Sentences:
        return _Sentences(self.domain)


def init_app(app: Flask) -> None:
    """Attach Babel and give templates the language and its switch."""
    babel = _Babel(
        app,
        default_locale="fr",
        default_timezone=DEFAULT_ZONE,
        locale_selector=choose_language,
        default_translation_directories=str(app.extensions["settings_root"] / "translations"),
    )

    @pass_eval_context
    def _gettext(evaluation: EvalContext, text: str, /, **variables: object) -> str:
        """What the extension's own does, in one call instead of four."""
        said: str = babel.domain_instance.get_translations().gettext(text)
        if evaluation.autoescape:
            said = Markup(said)  # noqa: S704 a sentence of our own, whatever is filled in is escaped
        return said % variables if variables or "%" in said else said

    app.jinja_env.globals.update(gettext=_gettext, _=_gettext)

    @app.context_processor
    def _language() -> dict[str, object]:
        current = language()
        other = "en" if current == "fr" else "fr"
        return {
            "locale": current,
            "other_locale": other,
            "other_locale_name": LANGUAGES[other],
            "switch_locale_url": switch_url(other) if request else "",
        }
