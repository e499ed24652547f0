"""Language and clock of the interface: French first, English second, Paris time unless a territory says otherwise."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from flask import Flask, request, session
from flask_babel import Babel, get_locale

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
    """Return the running page's URL in another language."""
    arguments = {**request.args.to_dict(flat=False), "lang": [language]}
    # A page that does not exist may have any path: two slashes, or one and a backslash, would name another site.
    path = "/" + quote(request.path.lstrip("/"))
    return f"{path}?{urlencode(arguments, doseq=True)}"


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
