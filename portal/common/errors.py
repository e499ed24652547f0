"""The one tree of errors the portal raises on purpose.

Services and pure code raise a code with parameters; `portal.web.errors` maps the class to an HTTP status once, and
templates or the `messages` module of a context turn the code into a sentence.
"""

from __future__ import annotations


class PortalError(Exception):
    """An expected failure: a code (kebab-case) and the parameters its sentence needs."""

    status = 500

    def __init__(self, code: str, field: str | None = None, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.params = params

    def __str__(self) -> str:
        details = "".join(f" {name}={value!r}" for name, value in self.params.items())
        where = f" ({self.field})" if self.field else ""
        return f"{self.code}{where}{details}"


class Invalid(PortalError):
    """What was given cannot be accepted; `field` names the input at fault when there is one."""

    status = 422


class NotFound(PortalError):
    """No such object, or not one this actor may know about."""

    status = 404


class Denied(PortalError):
    """The actor is known and may see the object, but not do this."""

    status = 403


class Conflict(PortalError):
    """Somebody else changed the object first, or the state no longer allows the act."""

    status = 409


class Unavailable(PortalError):
    """An outside service or a part of the portal cannot answer now."""

    status = 503
