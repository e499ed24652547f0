"""The form of a territory's settings."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, InputRequired, Length, Optional, Regexp

from portal.common.errors import PortalError
from portal.regulations.holidays import HolidayRegion
from portal.territories.messages import ACCENTS, HOLIDAYS, sentence
from portal.territories.models import Accent
from portal.territories.queries import TerritoryView
from portal.territories.services import NAME_MAX_LENGTH, TerritorySettings


def _stripped(text: str | None) -> str | None:
    return text.strip() if text else text


class SettingsForm(FlaskForm):
    """Name, contact, colour, holidays and notice of a territory."""

    name = StringField(
        _l("Nom du territoire"),
        filters=[_stripped],
        validators=[InputRequired(_l("Indiquez le nom du territoire.")), Length(max=NAME_MAX_LENGTH)],
        description=_l("Celui que les entreprises connaissent, par exemple « Ville de Paris »."),
    )
    contact_email = EmailField(
        _l("Adresse de contact"),
        filters=[_stripped],
        validators=[
            Optional(),
            Length(max=254),
            Email(_l("Cette adresse est incomplète. Exemple : livraisons@ville.fr")),
        ],
        description=_l("Montrée aux entreprises qui ont une question sur leur demande."),
    )
    accent = RadioField(
        _l("Couleur"),
        choices=[SelectChoice(accent.value, label) for accent, label in ACCENTS.items()],
        validators=[InputRequired(_l("Choisissez une couleur."))],
    )
    holidays = SelectField(
        _l("Jours fériés"),
        choices=[SelectChoice(region.value, label) for region, label in HOLIDAYS.items()],
        validators=[InputRequired(_l("Choisissez un calendrier."))],
        description=_l("Le calendrier suivi par les arrêtés et les aires de livraison qui nomment les jours fériés."),
    )
    law_notice = TextAreaField(
        _l("Avertissement légal"),
        filters=[_stripped],
        validators=[Optional(), Length(max=2000, message=_l("2 000 caractères au plus."))],
        description=_l("Ajouté sous la carte et les itinéraires. L’arrêté signé et les panneaux font toujours foi."),
    )
    version = HiddenField(validators=[Regexp(r"^\d{1,9}$")])

    @classmethod
    def filled(cls, territory: TerritoryView, *, sent: bool = True) -> SettingsForm:
        """Return the form with what was sent, else with the settings in force (always these when not `sent`)."""
        now = {
            "name": territory.name,
            "contact_email": territory.contact_email,
            "accent": territory.accent.value,
            "holidays": territory.holidays.value,
            "law_notice": territory.law_notice,
            "version": str(territory.version),
        }
        return cls(data=now) if sent else cls(formdata=None, data=now)

    def command(self) -> TerritorySettings:
        """Return what the valid form asks for."""
        return TerritorySettings(
            name=self.name.data or "",
            contact_email=self.contact_email.data or "",
            accent=Accent(self.accent.data),
            law_notice=self.law_notice.data or "",
            version=int(self.version.data or 0),
            holidays=HolidayRegion(self.holidays.data),
        )

    def refuse(self, error: PortalError) -> None:
        """Put the sentence of a service's refusal beside its field, or above the form."""
        if error.field in self._fields:
            field = self[error.field]
            field.errors = [*field.errors, sentence(error)]
        else:
            self.form_errors.append(sentence(error))
