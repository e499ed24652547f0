"""The form of an alert: an address of mail, and where."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from portal.common.errors import PortalError
from portal.visualiz.alerts.areas import MOST_STREETS, RADII_M
from portal.visualiz.alerts.messages import sentence
from portal.visualiz.forms import point_of
from portal.web import filters
from portal.web.forms import CheckboxesField, Needed

STREETS, AROUND, ZONE = "rues", "autour", "zone"
_LONGEST_NAME = 200
_DEFAULT_RADIUS_M = "250"


class AlertForm(FlaskForm):
    """Who wants to be told, and of what: streets, the surroundings of a place, or a drawn zone."""

    courriel = EmailField(
        _l("Adresse électronique"),
        [DataRequired(_l("Indiquez votre adresse électronique.")), Length(max=254)],
        description=_l("Elle ne sert qu’à cette alerte et s’efface quand vous la quittez."),
    )
    quoi = RadioField(
        _l("Suivre"),
        [Needed()],
        choices=[
            SelectChoice(STREETS, _l("Une ou plusieurs rues")),
            SelectChoice(AROUND, _l("Les environs d’une adresse")),
            SelectChoice(ZONE, _l("Une zone dessinée")),
        ],
        default=STREETS,
    )
    rues = CheckboxesField(
        _l("Rues suivies"), description=_l("Décochez une rue pour la retirer."), validate_choice=False
    )
    rue = StringField(_l("Rue"), description=_l("Le nom d’une rue, sans numéro."))
    rue_lon = HiddenField()
    rue_lat = HiddenField()
    adresse = StringField(_l("Adresse"))
    lon = HiddenField()
    lat = HiddenField()
    rayon = SelectField(_l("Jusqu’à"), [Needed()], default=_DEFAULT_RADIUS_M)
    zone = TextAreaField(
        _l("Contour de la zone"), description=_l("Un polygone, en degrés. La carte l’écrit ici quand vous dessinez.")
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.rayon.choices = [SelectChoice(str(radius), filters.distance(radius)) for radius in RADII_M]
        for field in (self.rue, self.adresse, self.zone):
            field.flags.required = True
        self.keep_streets([name.strip()[:_LONGEST_NAME] for name in self.rues.data or [] if name.strip()])

    def keep_streets(self, names: list[str]) -> None:
        """Show these streets, ticked, each once."""
        self.rues.data = list(dict.fromkeys(names))[: MOST_STREETS + 1]
        self.rues.choices = [SelectChoice(name, name) for name in self.rues.data]

    @property
    def typed_street(self) -> str:
        """The street typed and not added yet."""
        return (self.rue.data or "").strip()[:_LONGEST_NAME]

    @property
    def typed_place(self) -> str:
        """The address typed."""
        return (self.adresse.data or "").strip()[:_LONGEST_NAME]

    @property
    def point(self) -> tuple[float, float] | None:
        """The point (lon, lat) chosen; None when there is none or it cannot be one."""
        return point_of(self.lon.data, self.lat.data)

    @property
    def radius_m(self) -> int:
        """How far around the point."""
        return int(self.rayon.data)

    def refuse(self, error: PortalError) -> None:
        """Put the sentence of a refusal beside its field."""
        field = self["courriel" if error.field in (None, "email") else error.field]
        field.errors = [*field.errors, sentence(error)]
