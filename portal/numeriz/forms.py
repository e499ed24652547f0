"""The forms of the desk: a file to import, a feed to add."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField, URLField
from wtforms.fields.choices import SelectChoice

from portal.common.errors import Invalid
from portal.numeriz.desk_words import FORMATS, every_words, word
from portal.numeriz.feeds.presets import find_preset
from portal.numeriz.feeds.register import NewFeed
from portal.numeriz.importing import AUTO
from portal.numeriz.imports.formats import FORMATS as READERS
from portal.numeriz.imports.formats import formats_of
from portal.numeriz.messages import error_sentence
from portal.numeriz.uploads import Upload
from portal.numeriz.values import ImportKind
from portal.numeriz.words import KINDS
from portal.web.forms import Needed

MAPPED_COLUMNS = ("event", "name", "colour", "start", "end")
"""Options of the perimeters' GeoJSON: which property of the file holds what."""

_OPTION = re.compile(r"\s*([A-Za-z][\w.:-]{0,60})\s*=\s*(.{0,200}?)\s*")
_MOST_OPTIONS = 50
_RHYTHMS = (300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600)
_KINDS = (ImportKind.ORDERS, ImportKind.EVENTS, ImportKind.PERIMETERS, ImportKind.BAYS)


def read_options(lines: str) -> Mapping[str, str]:
    """Return what « name=value » lines say; raises Invalid(`option-unreadable`) with the line at fault."""
    options: dict[str, str] = {}
    for line in lines.splitlines():
        if not line.strip():
            continue
        found = _OPTION.fullmatch(line)
        if found is None or len(options) >= _MOST_OPTIONS:
            raise Invalid("option-unreadable", "options", line=line.strip()[:60])
        options[found[1]] = found[2]
    return options


def options_of_orders(options: Mapping[str, str], *, complete: bool) -> Mapping[str, str]:
    """The options of a file of orders that is not a feed; those that were given win.

    complete: the file holds every order of its source, so that what is absent is withdrawn. An excerpt sent by hand
    must not withdraw the law that it leaves out.
    """
    told = {"scope": "all", "snapshot": "yes"} if complete else {"scope": "part"}
    return {**told, **options}


def check_format(kind: ImportKind, name: str) -> None:
    """Raise Invalid(`format-of-another-kind`) unless files of the kind can be read in the format."""
    if name != AUTO and name not in formats_of(kind):
        raise Invalid("format-of-another-kind", "format", format=word(FORMATS, name))


def _kind_field() -> SelectField:
    return SelectField(_l("Contenu"), [Needed()], choices=[SelectChoice(kind.value, KINDS[kind]) for kind in _KINDS])


def _format_field() -> SelectField:
    return SelectField(_l("Format"), [Needed()], default=AUTO, choices=_format_choices)


def _format_choices() -> list[SelectChoice]:
    """Every format under the kind it belongs to."""
    grouped = [
        SelectChoice(reader.name, FORMATS.get(reader.name, reader.name), optgroup=str(KINDS[kind]))
        for kind in _KINDS
        for reader in READERS
        if reader.kind is kind
    ]
    return [SelectChoice(AUTO, FORMATS[AUTO]), *grouped]


def _rhythm_choices() -> list[SelectChoice]:
    """How often a feed is read."""
    by_itself = [SelectChoice(str(every_s), every_words(every_s)) for every_s in _RHYTHMS]
    return [*by_itself, SelectChoice("", every_words(None))]


class _ImportForm(FlaskForm):
    """What both forms share: a sentence for a refusal, options in lines. first_name: the field of other refusals."""

    first_name = "options"

    options = TextAreaField(
        _l("Réglages de lecture"),
        description=_l("Un réglage par ligne, «\u00a0nom=valeur\u00a0». Laissez vide si vous ne savez pas."),
    )

    def refuse(self, error: Invalid) -> None:
        """Show why the portal refuses, beside the field at fault."""
        field = self[error.field] if error.field in self else self[self.first_name]
        field.errors = [*field.errors, error_sentence(error.code, error.params)]


class UploadForm(_ImportForm):
    """What the file holds, the file, and how it is to be read."""

    first_name = "file"

    kind = _kind_field()
    format = _format_field()
    file = FileField(
        _l("Fichier"),
        description=_l(
            "Arrêtés\u00a0: DATEX II ou CSV national. Évènements\u00a0: Bison Futé ou CIFS. Périmètres\u00a0: GeoJSON. "
            "Aires de livraison\u00a0: CSV national ou fichier d’une ville."
        ),
    )
    complete = BooleanField(
        _l("Le fichier contient tous les arrêtés de sa source"),
        description=_l("Ceux qu’il ne contient plus sont alors retirés. Ne cochez pas pour un extrait."),
    )
    column_event = StringField(_l("Colonne du nom de l’évènement"))
    column_name = StringField(_l("Colonne du nom du périmètre"))
    column_colour = StringField(_l("Colonne de la couleur"))
    column_start = StringField(_l("Colonne du début"))
    column_end = StringField(_l("Colonne de la fin"))

    @property
    def columns(self) -> list[StringField]:
        """The fields that name the columns of perimeters."""
        return [self[f"column_{name}"] for name in MAPPED_COLUMNS]

    def command(self, name: str, content: bytes) -> Upload:
        """What to import. Raises Invalid, with the field at fault."""
        kind = ImportKind(self.kind.data)
        check_format(kind, self.format.data)
        options = dict(read_options(self.options.data or ""))
        if kind is ImportKind.ORDERS:
            options = dict(options_of_orders(options, complete=self.complete.data))
        if kind is ImportKind.PERIMETERS:
            named = {column: (self[f"column_{column}"].data or "").strip()[:200] for column in MAPPED_COLUMNS}
            options |= {column: value for column, value in named.items() if value}
        return Upload(kind, name, content, self.format.data, options)


class FeedForm(_ImportForm):
    """An address to read again and again; `preset` names a known source, and then nothing else counts."""

    first_name = "url"

    preset = HiddenField()
    name = StringField(_l("Nom du flux"), [Needed()])
    url = URLField(_l("Adresse"), [Needed()])
    kind = _kind_field()
    format = _format_field()
    every = SelectField(_l("Lecture"), [Needed()], default="900", choices=_rhythm_choices)
    licence = StringField(_l("Licence"), description=_l("Par exemple Licence Ouverte 2.0."))

    def validate(self, extra_validators: object = None) -> bool:
        """A known source needs no other field."""
        return True if find_preset(self.preset.data or "") else super().validate(extra_validators)

    def command(self) -> NewFeed:
        """The feed to add. Raises Invalid(`option-unreadable`)."""
        preset = find_preset(self.preset.data or "")
        if preset is not None:
            return preset.feed()
        return NewFeed(
            ImportKind(self.kind.data),
            self.name.data or "",
            (self.url.data or "").strip(),
            self.format.data,
            int(self.every.data) if self.every.data else None,
            read_options(self.options.data or ""),
            self.licence.data or "",
        )
