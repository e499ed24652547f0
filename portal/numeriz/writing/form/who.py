"""The first step: who decides, under what name, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, RadioField, SelectField, StringField, URLField
from wtforms.fields.choices import SelectChoice

from portal.numeriz.values import Category
from portal.numeriz.words import CATEGORIES, SUBJECTS
from portal.numeriz.writing.form.fields import StepForm, choices, typed
from portal.web.forms import Needed


def _subject_choices() -> list[SelectChoice]:
    return [SelectChoice("", _l("Non précisé")), *choices(SUBJECTS)]


class WhoForm(StepForm):
    """The order itself."""

    authority = StringField(
        _l("Autorité qui signe l’arrêté"),
        [Needed()],
        description=_l("Exemple\u00a0: Ville de Valmarin."),
    )
    identifier = StringField(
        _l("Numéro de l’arrêté"),
        [Needed()],
        description=_l("Dans vos registres. Exemple\u00a0: 2026-T-0412."),
    )
    title = StringField(
        _l("Titre"), [Needed()], description=_l("Ce que les habitants et les transporteurs liront en premier.")
    )
    category = RadioField(
        _l("Durée"),
        [Needed()],
        choices=choices(CATEGORIES),
        validate_choice=False,
        description=_l("Un arrêté permanent n’a pas de fin\u00a0; un arrêté temporaire en a une."),
    )
    subject = SelectField(_l("Objet"), choices=_subject_choices, validate_choice=False)
    subject_text = StringField(_l("Précisez l’objet, s’il est «\u00a0Autre\u00a0»"))
    url = URLField(
        _l("Adresse de l’arrêté signé"),
        description=_l("Exemple\u00a0: https://www.exemple.fr/arrete.pdf"),
    )

    def show(self, values: Mapping[str, Any]) -> None:
        """Fill the inputs."""
        for name in ("authority", "identifier", "title", "subject", "subject_text", "url"):
            self[name].data = values.get(name) or ""
        self.category.data = values.get("category") or Category.TEMPORARY.value

    def values(self, before: Mapping[str, Any], act: str = "") -> dict[str, Any]:
        """What the inputs say."""
        names = ("authority", "identifier", "title", "subject_text", "url")
        return {
            **{name: typed(self[name]) for name in names},
            "category": self.category.data if self.category.data in set(Category) else "",
            "subject": typed(self.subject) or None,
        }

    def field_at(self, path: str) -> Field:
        """The input of the same name; the title for what is about the whole."""
        return self._fields.get(path, self.title)
