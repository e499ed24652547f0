"""The document that the demonstration attaches to a request."""

from __future__ import annotations

from portal.cirqliz.requests.papers import read_paper
from portal.runtime.demo.showcase import order_form_pdf


def test_document_of_the_demonstration_is_one_the_portal_accepts() -> None:
    paper = read_paper("bon-de-commande.pdf", order_form_pdf())
    assert (paper.media_type, paper.file_name) == ("application/pdf", "bon-de-commande.pdf")
