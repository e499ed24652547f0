"""What people type, checked for shape; each form gives a frozen command."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp, ValidationError

from portal.accounts.commands import CompanyDetails, NewCompany, NewPerson
from portal.accounts.identifiers import email_address, siret_number
from portal.accounts.messages import COMPANY_ROLE_CHOICES, STAFF_ROLE_CHOICES, sentence
from portal.accounts.passwords import MIN_LENGTH
from portal.accounts.queries import AccountView, CompanyView
from portal.accounts.registry import Establishment
from portal.common.actor import CompanyRole, StaffRole
from portal.common.errors import Invalid, PortalError
from portal.common.text import whole_number
from portal.web.locale import LANGUAGES

_SPACES = re.compile(r"\s+")


def one_line(text: str | None) -> str | None:
    """Return text with every run of spaces made one, none at the ends."""
    return _SPACES.sub(" ", text).strip() if text else text


def _shaped(check: Callable[[str], str]) -> Callable[[FlaskForm, Field], None]:
    """Turn a function that normalises a text or raises Invalid into a validator."""

    def validate(_form: FlaskForm, field: Field) -> None:
        try:
            field.data = check(field.data or "")
        except Invalid as error:
            raise ValidationError(sentence(error)) from error

    return validate


class PortalForm(FlaskForm):
    """A form whose fields may receive the refusal of a service."""

    def refuse(self, error: PortalError) -> None:
        """Put the sentence of a refusal beside its field, or above the form when it names none of its fields."""
        if error.field and error.field in self:
            field = self[error.field]
            field.errors = [*field.errors, sentence(error)]
        else:
            self.form_errors.append(sentence(error))


class SiretForm(PortalForm):
    """The SIRET alone, for a look-up in the registry."""

    siret = StringField(
        _l("SIRET de l’entreprise"),
        validators=[InputRequired(_l("Indiquez le SIRET.")), _shaped(siret_number)],
        description=_l("14 chiffres, avec ou sans espaces."),
    )


class DetailsForm(PortalForm):
    """A company's name and address."""

    name = StringField(
        _l("Nom de l’entreprise"),
        filters=[one_line],
        validators=[DataRequired(_l("Indiquez le nom de l’entreprise.")), Length(max=160)],
    )
    address = StringField(
        _l("Numéro et rue"),
        filters=[one_line],
        validators=[DataRequired(_l("Indiquez l’adresse.")), Length(max=200)],
    )
    postcode = StringField(
        _l("Code postal"),
        filters=[one_line],
        validators=[
            DataRequired(_l("Indiquez le code postal.")),
            Regexp(r"^[0-9]{5}$", message=_l("Un code postal compte cinq chiffres.")),
        ],
    )
    city = StringField(
        _l("Commune"),
        filters=[one_line],
        validators=[DataRequired(_l("Indiquez la commune.")), Length(max=100)],
    )

    def details(self, naf_code: str | None = None) -> CompanyDetails:
        """Return what was typed."""
        return CompanyDetails(
            self.name.data or "", self.address.data or "", self.postcode.data or "", self.city.data or "", naf_code
        )

    def fill(self, found: Establishment) -> None:
        """Show what the registry says instead of what was typed."""
        self.name.data, self.address.data = found.name, found.address
        self.postcode.data, self.city.data = found.postcode, found.city


class CompanyForm(DetailsForm):
    """The sheet of a registered company; `version` is the one the page was made from."""

    naf_code = StringField(
        _l("Code NAF (APE)"),
        filters=[one_line],
        validators=[
            Optional(),
            Regexp(r"^[0-9]{2}\.?[0-9]{2}[A-Za-z]$", message=_l("Un code NAF ressemble à 49.41B.")),
        ],
        description=_l("Il figure sur votre avis de situation INSEE. Exemple : 49.41B"),
    )
    version = HiddenField()

    @property
    def known_version(self) -> int:
        """Version the page was made from; 0, which no row has, when it is missing."""
        # What was sent, not `data`: a field left out would take the present version from the row.
        return whole_number(next(iter(self.version.raw_data or ()), "")) or 0

    def sheet(self) -> CompanyDetails:
        """Return what was typed, the NAF code written dd.ddL."""
        bare = (self.naf_code.data or "").upper().replace(".", "")
        return self.details(f"{bare[:2]}.{bare[2:]}" if bare else None)

    @classmethod
    def of(cls, company: CompanyView) -> CompanyForm:
        """Return the form filled with a company."""
        return cls(obj=company)


class NewCompanyForm(SiretForm, DetailsForm):
    """A company to register."""

    def company(self, establishment: Establishment | None) -> NewCompany:
        """Return the company typed, with the NAF code of the registry."""
        return NewCompany(self.siret.data or "", self.details(establishment.naf_code if establishment else None))


class NewPasswordForm(PortalForm):
    """A password to choose; whether it is a good one is said by the service."""

    password = PasswordField(
        _l("Mot de passe à choisir"),
        validators=[InputRequired(_l("Choisissez un mot de passe."))],
        description=_l("%(count)s caractères au moins. Une phrase convient très bien.", count=MIN_LENGTH),
    )


class PersonForm(NewPasswordForm):
    """A person who joins by invitation: the address is known."""

    full_name = StringField(
        _l("Prénom et nom"),
        filters=[one_line],
        validators=[DataRequired(_l("Indiquez votre prénom et votre nom.")), Length(max=120)],
    )


class SignUpForm(NewCompanyForm, PersonForm):
    """Company and person on one page."""

    email = EmailField(
        _l("Adresse électronique"),
        validators=[InputRequired(_l("Indiquez votre adresse électronique.")), _shaped(email_address)],
        description=_l("Vous y recevrez un lien de confirmation."),
    )

    def person(self, locale: str) -> NewPerson:
        """Return the person typed."""
        return NewPerson(self.email.data or "", self.full_name.data or "", self.password.data or "", locale)


class EmailForm(PortalForm):
    """An address to write to."""

    email = EmailField(
        _l("Adresse électronique"),
        validators=[InputRequired(_l("Indiquez votre adresse électronique.")), _shaped(email_address)],
    )


class SignInForm(PortalForm):
    """Address and password."""

    email = EmailField(
        _l("Adresse électronique"), validators=[InputRequired(_l("Indiquez votre adresse électronique."))]
    )
    password = PasswordField(_l("Mot de passe"), validators=[InputRequired(_l("Indiquez votre mot de passe."))])
    remember = BooleanField(_l("Rester connecté sur cet appareil"))


class KnownPasswordForm(PortalForm):
    """The password chosen at sign-up, to confirm it."""

    password = PasswordField(_l("Mot de passe"), validators=[InputRequired(_l("Indiquez votre mot de passe."))])


class ErasureForm(KnownPasswordForm):
    """The password once more, and the box that says one knows what it does."""

    sure = BooleanField(
        _l("J’ai compris que mon compte ne pourra pas être rétabli"),
        validators=[InputRequired(_l("Cochez cette case pour confirmer."))],
    )


class ChangePasswordForm(NewPasswordForm):
    """The present password and the next."""

    current_password = PasswordField(
        _l("Mot de passe actuel"), validators=[InputRequired(_l("Indiquez votre mot de passe actuel."))]
    )


class ProfileForm(PortalForm):
    """Name and language."""

    full_name = StringField(
        _l("Prénom et nom"),
        filters=[one_line],
        validators=[DataRequired(_l("Indiquez votre prénom et votre nom.")), Length(max=120)],
    )
    locale = SelectField(
        _l("Langue"),
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
        validators=[InputRequired(_l("Choisissez une langue."))],
    )

    @classmethod
    def of(cls, account: AccountView) -> ProfileForm:
        """Return the form filled with an account."""
        return cls(obj=account)


class RoleForm[R: (CompanyRole, StaffRole)](PortalForm):
    """A role among those the actor may give."""

    role = SelectField(_l("Rôle"), validators=[InputRequired(_l("Choisissez un rôle."))])

    def __init__(self, names: Mapping[R, Any], roles: Iterable[R], **options: Any) -> None:
        super().__init__(**options)
        self.role.choices = [SelectChoice(role.value, names[role]) for role in roles]


class CompanyInvitationForm(EmailForm, RoleForm[CompanyRole]):
    """A colleague to invite."""

    def __init__(self, roles: Iterable[CompanyRole], **options: Any) -> None:
        super().__init__(COMPANY_ROLE_CHOICES, roles, **options)


class StaffInvitationForm(EmailForm, RoleForm[StaffRole]):
    """An agent to invite."""

    def __init__(self, **options: Any) -> None:
        super().__init__(STAFF_ROLE_CHOICES, StaffRole, **options)


class ClosingForm(PortalForm):
    """Why a company is declared closed, or open again. to: the status the page offered."""

    to = HiddenField()
    reason = StringField(
        _l("Pourquoi ?"),
        [Length(max=300)],
        filters=[one_line],
        description=_l("Une phrase, que l’entreprise lit. Exemple : radiée du registre le 3 novembre."),
    )
