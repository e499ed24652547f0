"""The blueprint the pages of this context share."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("cirqliz", __name__)
