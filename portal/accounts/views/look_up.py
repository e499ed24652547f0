"""Filling a company's name and address from the registry, in any form that holds a SIRET."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from portal.accounts.forms import NewCompanyForm, SiretForm
from portal.accounts.messages import LOOK_UPS
from portal.accounts.registry import look_up, registry
from portal.accounts.services.companies import refuse_known_siret
from portal.common.errors import Invalid
from portal.web.rendering import render_page


def answer_look_up(template: str, form: NewCompanyForm) -> ResponseReturnValue:
    """Show the form again with what the registry says of its SIRET; other fields keep what was typed, unjudged."""
    asked = SiretForm()
    found = None
    if asked.validate():
        form.siret.data = asked.siret.data
        found = look_up(asked.siret.data or "")
        if found.establishment is not None:
            form.fill(found.establishment)
        try:
            refuse_known_siret(asked.siret.data or "", found.establishment)
        except Invalid as error:
            form.refuse(error)
    else:
        form.siret.errors = asked.siret.errors
    page = render_page(
        template, block="company", form=form, look_up=found, can_look_up=registry() is not None, look_up_texts=LOOK_UPS
    )
    return page, 422 if form.errors else 200
