"""The form that asks why an order is withdrawn."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField

from portal.common.errors import Invalid
from portal.numeriz.writing.messages import refusal_sentence
from portal.web.forms import Needed


class WithdrawForm(FlaskForm):
    """Why an order is withdrawn."""

    reason = TextAreaField(
        _l("Pourquoi l’arrêté est-il retiré\u00a0?"),
        [Needed()],
        description=_l("Le motif reste dans l’histoire de l’arrêté et dans le journal."),
    )

    def refuse(self, error: Invalid) -> None:
        """Show beside the field why what was typed is refused. Raises the error when it is about something else."""
        sentence = refusal_sentence(error)
        if sentence is None or error.field != self.reason.name:
            raise error
        self.reason.errors = [sentence]
