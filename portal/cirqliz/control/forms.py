"""What an agent types when no code can be scanned."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField

from portal.web.forms import Needed


class SearchForm(FlaskForm):
    """The ten signs under the QR code, a plate in any typing, or the number of a pass."""

    wanted = StringField(
        _l("Code, plaque ou numéro du laissez-passer"),
        [Needed()],
        description=_l("Avec ou sans tirets. Exemples : AB-123-CD, LP-VAL-2026-000123"),
    )
