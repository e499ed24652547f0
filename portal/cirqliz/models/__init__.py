"""The tables of requests, decisions, passes and checks."""

from portal.cirqliz.models.checks import CheckCount, PassCheck
from portal.cirqliz.models.decisions import BatchItem, DecisionBatch, Reexamination, SavedView
from portal.cirqliz.models.numbering import NumberSeries
from portal.cirqliz.models.passes import AccessPass, PassPerimeter, PassSheet
from portal.cirqliz.models.requests import (
    AccessRequest,
    RequestDocument,
    RequestDraft,
    RequestMessage,
    RequestPerimeter,
    RequestStop,
    RequestVehicle,
)
from portal.cirqliz.models.rules import AccessSettings, AutomaticDecision, DecisionRule, PerimeterQuota

__all__ = [
    "AccessPass",
    "AccessRequest",
    "AccessSettings",
    "AutomaticDecision",
    "BatchItem",
    "CheckCount",
    "DecisionBatch",
    "DecisionRule",
    "NumberSeries",
    "PassCheck",
    "PassPerimeter",
    "PassSheet",
    "PerimeterQuota",
    "Reexamination",
    "RequestDocument",
    "RequestDraft",
    "RequestMessage",
    "RequestPerimeter",
    "RequestStop",
    "RequestVehicle",
    "SavedView",
]
