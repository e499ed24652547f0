"""What other contexts may use of the planner.

A request writes a route with `create_route(..., enqueue_job=False)` in its own unit of work, computes it in its own job
with `compute_route` (long, writes nothing) and keeps the answer with `store_route` when it ends.
"""

from __future__ import annotations

from portal.itineriz.addresses.serving import Standing, standing_at
from portal.itineriz.detours import Through, Trial, through_trips
from portal.itineriz.documents.frame import Floats, Frame, frame_around
from portal.itineriz.documents.labels import name_streets
from portal.itineriz.documents.sketch import draw_furniture, draw_streets
from portal.itineriz.documents.streets import Streets, load_streets
from portal.itineriz.documents.svg import Drawing
from portal.itineriz.documents.xml_text import Writer, utc
from portal.itineriz.lacking import TourStops, stops_to_ask
from portal.itineriz.models import RouteStatus
from portal.itineriz.ports import (
    PassBook,
    PassCode,
    PassCodes,
    RequestStart,
    RequestWish,
    set_pass_book,
    set_pass_codes,
    set_request_start,
)
from portal.itineriz.queries import RouteView, get_route, get_route_seen_by, list_routes
from portal.itineriz.rechecking import ask_for_due_work, ask_look
from portal.itineriz.retention import erase_lost_files, erase_old_routes
from portal.itineriz.services import ComputedRoute, CreateRoute, compute_route, create_route, store_failure, store_route
from portal.itineriz.stops_inside import StopsThere, count_stops_inside
from portal.itineriz.trip import Stop

__all__ = [
    "ComputedRoute",
    "CreateRoute",
    "Drawing",
    "Floats",
    "Frame",
    "PassBook",
    "PassCode",
    "PassCodes",
    "RequestStart",
    "RequestWish",
    "RouteStatus",
    "RouteView",
    "Standing",
    "Stop",
    "StopsThere",
    "Streets",
    "Through",
    "TourStops",
    "Trial",
    "Writer",
    "ask_for_due_work",
    "ask_look",
    "compute_route",
    "count_stops_inside",
    "create_route",
    "draw_furniture",
    "draw_streets",
    "erase_lost_files",
    "erase_old_routes",
    "frame_around",
    "get_route",
    "get_route_seen_by",
    "list_routes",
    "load_streets",
    "name_streets",
    "set_pass_book",
    "set_pass_codes",
    "set_request_start",
    "standing_at",
    "stops_to_ask",
    "store_failure",
    "store_route",
    "through_trips",
    "utc",
]
