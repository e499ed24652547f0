"""What an agent types when no code can be scanned."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length

from portal.cirqliz.control.looks import LONGEST_PLACE
from portal.web.forms import Needed


class SearchForm(FlaskForm):
    """The ten signs under the QR code, a plate in any typing, or the number of a pass; and where the agent stands.

    The place is a field of the agents' page, sent along by its script.
    """

    wanted = StringField(
        _l("Code, plaque ou numéro du laissez-passer"),
        [Needed()],
        description=_l("Avec ou sans tirets. Exemples : AB-123-CD, LP-VAL-2026-000123"),
    )
    lieu = StringField(validators=[Length(max=LONGEST_PLACE)])
