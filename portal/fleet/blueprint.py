"""The blueprint of the fleet's pages, and who may open them."""

from __future__ import annotations

from flask import Blueprint

from portal.common.actor import CompanyRole
from portal.web.guards import member

blueprint = Blueprint("fleet", "portal.fleet", url_prefix="/entreprises/<uuid:company_id>/vehicules")

READ = member(CompanyRole.DRIVER)
WRITE = member(CompanyRole.MANAGER)
