"""Language and clock of the interface: French first, English second, Paris time unless a territory says otherwise."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from flask import Flask, current_app, request, session
from flask_babel import Babel, get_locale
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


def switch_url(language: str) -> str:
    """Return the running page's URL in another language.

    What only answers a form cannot be asked for again: then the page of that form, empty when it is not known.
    """
    if request.method in {"GET", "HEAD"} or _can_be_read(request.path):
        return _in_language(request.path, request.args.to_dict(flat=False), language)
    before = urlsplit(request.referrer or "")
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


def init_app(app: Flask) -> None:
    """Attach Babel and give templates the language and its switch."""
    Babel(
        app,
        default_locale="fr",
        default_timezone=DEFAULT_ZONE,
        locale_selector=choose_language,
        default_translation_directories=str(app.extensions["settings_root"] / "translations"),
    )

    @app.context_processor
    def _language() -> dict[str, object]:
        current = str(get_locale() or "fr")[:2]
        other = "en" if current == "fr" else "fr"
        return {
            "locale": current,
            "other_locale": other,
            "other_locale_name": LANGUAGES[other],
            "switch_locale_url": switch_url(other) if request else "",
        }
