"""The blueprint of the public pages, and how often one caller may ask for what costs more than a page."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("visualiz", __name__, url_prefix="/carte")

# An address may be looked up at an outside service, and each day of orders is computed.
PLACES_PER_CALLER = "20 per second; 300 per minute"
DAYS_PER_CALLER = "120 per minute"
# Every open map asks each five seconds, and an office shares one address.
STATES_PER_CALLER = "50 per second; 1200 per minute"
# Everything on the screen is written anew each time.
FILES_PER_CALLER = "20 per minute"
# Each is set by a compiler, a second of a processor.
SHEETS_PER_CALLER = "10 per minute"
