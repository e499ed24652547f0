"""The pages of this context; importing a module attaches its routes to the blueprint."""

from portal.accounts.views import (
    companies,
    companies_of_staff,
    invitations,
    me,
    my_data,
    sign_in,
    sign_up,
    staff,
    team,
)
from portal.accounts.views.blueprint import blueprint

__all__ = [
    "blueprint",
    "companies",
    "companies_of_staff",
    "invitations",
    "me",
    "my_data",
    "sign_in",
    "sign_up",
    "staff",
    "team",
]
