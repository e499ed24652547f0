"""The small forms of an open or decided request: a message with documents, an appeal."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from wtforms import MultipleFileField, TextAreaField

from portal.cirqliz.messages import sentence
from portal.cirqliz.requests.papers import MAX_BYTES, MAX_DOCUMENTS
from portal.common.errors import PortalError
from portal.web.forms import Needed


class MessageForm(FlaskForm):
    """What the company writes, and what it adds; documents alone are enough, but not to answer a question."""

    text = TextAreaField(_l("Votre message"))
    documents = MultipleFileField(
        _l("Joindre des justificatifs"),
        description=_l(
            "PDF ou photo, %(size)s Mo par fichier, %(most)s fichiers par demande.",
            size=MAX_BYTES // 2**20,
            most=MAX_DOCUMENTS,
        ),
    )

    def need_text(self) -> None:
        """Say that the message is needed: the desk has asked something."""
        self.text.flags.required = True

    def show_error(self, error: PortalError) -> None:
        """Put the sentence of a refusal beside its field."""
        field = self.documents if error.field == "documents" else self.text
        field.errors = [*field.errors, sentence(error)]


class AppealForm(FlaskForm):
    """Why the company contests a refusal."""

    text = TextAreaField(
        _l("Pourquoi contestez-vous ce refus ?"),
        [Needed()],
        description=_l("Dites ce que le territoire n’a pas vu, ou ce qui a changé."),
        id="contestation-text",
    )

    def show_error(self, error: PortalError) -> None:
        """Put the sentence of a refusal beside the field."""
        self.text.errors = [*self.text.errors, sentence(error)]


def sent_files(chosen: Iterable[FileStorage]) -> list[tuple[str, bytes]]:
    """Return name and content of the files of a form. One byte more than may be kept tells that one is too large."""
    found = []
    for one in chosen:
        if one.filename:
            one.stream.seek(0)
            found.append((one.filename, one.stream.read(MAX_BYTES + 1)))
    return found
