"""The one blueprint of the pages of routes; each module of this folder adds its views to it."""

from __future__ import annotations

from flask import Blueprint

from portal.common.actor import CompanyRole
from portal.web.guards import member

blueprint = Blueprint("itineriz", __name__)

ROUTES = "/entreprises/<uuid:company_id>/itineraires"
"""The routes of a company: every page under it is for its members."""

MEMBER = member(CompanyRole.DRIVER)
