"""The tables of requests and passes."""

from portal.cirqliz.models.numbering import NumberSeries
from portal.cirqliz.models.passes import AccessPass, PassCheck, PassPerimeter
from portal.cirqliz.models.requests import AccessRequest, RequestPerimeter, RequestStop, RequestVehicle

__all__ = [
    "AccessPass",
    "AccessRequest",
    "NumberSeries",
    "PassCheck",
    "PassPerimeter",
    "RequestPerimeter",
    "RequestStop",
    "RequestVehicle",
]
