"""The clerk's pages; importing the package adds their routes to the blueprint."""

from portal.cirqliz.decisions.views import batches, claims, companies, queue, request, saved

__all__ = ["batches", "claims", "companies", "queue", "request", "saved"]
