"""The links of this context in the main navigation, and the page where a person arrives."""

from __future__ import annotations

from flask import current_app, url_for
from flask_babel import gettext as _

from portal.accounts.current import current_company_id, current_territory
from portal.common.actor import Actor, CompanyRole, StaffRole
from portal.web.navigation import NavItem


def account_links(actor: Actor) -> list[NavItem]:
    """Return the links an actor may follow: company, team, agents, account."""
    if actor.is_anonymous:
        return [
            NavItem(_("Créer un compte"), url_for("accounts.sign_up"), "account", 910),
            NavItem(_("Se connecter"), url_for("accounts.sign_in"), "account", 920),
        ]
    links = [NavItem(_("Mon compte"), url_for("accounts.me"), "account", 900)]
    company_id = current_company_id(actor)
    if company_id is not None:
        links.append(NavItem(_("Entreprise"), url_for("accounts.company_home", company_id=company_id), "company", 10))
        if actor.belongs_to(company_id, CompanyRole.MANAGER):
            links.append(NavItem(_("Équipe"), url_for("accounts.team", company_id=company_id), "company", 80))
    territory = current_territory(actor, StaffRole.ADMINISTRATOR)
    if territory is not None:
        links.append(NavItem(_("Agents"), url_for("accounts.staff_list", territory=territory), "desk", 80))
    return links


def landing_url(actor: Actor) -> str:
    """Return where a person works: their company, else their desk, else the control page, else their account."""
    company_id = next(iter(actor.companies), None)
    if company_id is not None:
        return url_for("accounts.company_home", company_id=company_id)
    places = (
        ("cirqliz.desk", (StaffRole.CLERK,)),
        ("cirqliz.control", (StaffRole.CONTROL_AGENT,)),
        ("accounts.staff_list", (StaffRole.ADMINISTRATOR,)),
    )
    for endpoint, roles in places:
        territory = next((slug for slug in actor.staff if actor.serves(slug, *roles)), None)
        if territory is not None and endpoint in current_app.view_functions:
            return url_for(endpoint, territory=territory)
    return url_for("accounts.me")
