"""The form that sends a file."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from portal.numeriz.messages import KINDS
from portal.numeriz.values import ImportKind
from portal.web.forms import Needed


class UploadForm(FlaskForm):
    """What the file holds, and the file."""

    kind = SelectField(
        _l("Contenu du fichier"),
        [Needed()],
        choices=[SelectChoice(kind.value, KINDS[kind]) for kind in (ImportKind.PERIMETERS, ImportKind.BAYS)],
    )
    file = FileField(
        _l("Fichier"),
        description=_l("Périmètres\u00a0: GeoJSON. Aires de livraison\u00a0: CSV national ou de Paris."),
    )
