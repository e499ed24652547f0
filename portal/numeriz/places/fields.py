"""The inputs of a place: read into its document, and shown again from it; what was typed is never lost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from portal.common.errors import Invalid
from portal.numeriz.places.shapes import MOST_TEXT, points_of, rings_of
from portal.numeriz.places.streets import MOST_STREETS, text_of
from portal.numeriz.places.values import DIRECTIONS, PlaceKind
from portal.regulations.measures import Direction
from portal.territories.api import read_house_number

type Form = MultiDict[str, str]
type Json = dict[str, Any]

ACT: Final = "act"
ADD_STREET: Final = "place:add-street"
ADD_EXCEPTION: Final = "place:add-except"
DROP_STREET: Final = "place:drop-street:"
EDGES_SHOWN: Final = "edges-shown"
STREETS_SHOWN: Final = "streets-shown"
MOST_EXCEPTIONS: Final = 60

_MOST_IDS: Final = 5_000
_SIDES: Final = ("U", "D", "G")


def read_place(form: Form, before: Mapping[str, Any]) -> Json:
    """The place that the inputs of `before["kind"]` say, with `removed` and `added`; `found` is the caller's."""
    kind = str(before.get("kind") or form.get("kind", ""))
    read = _READERS.get(kind)
    shown, ticked = _ids(form.getlist(EDGES_SHOWN)), set(form.getlist("edge"))
    return {
        "kind": kind,
        "spec": {} if read is None else read(form),
        "removed": [one for one in shown if one not in ticked],
        "added": _ids(form.getlist("edge-add"))[:_MOST_IDS],
    }


def _ids(values: Sequence[str]) -> list[str]:
    """Ids from inputs that hold several, one space apart."""
    return list(dict.fromkeys(one for value in values for one in value.split()))[:_MOST_IDS]


def _read_streets(form: Form) -> Json:
    streets = []
    dropped = form.get(ACT, "").removeprefix(DROP_STREET) if form.get(ACT, "").startswith(DROP_STREET) else ""
    for number in range(MOST_STREETS + 1):
        if f"street-{number}-name" not in form:
            break
        if str(number) != dropped:
            streets.append(
                {
                    "name": _text(form, f"street-{number}-name"),
                    "commune": _text(form, f"street-{number}-commune"),
                    "from": _end(_text(form, f"street-{number}-from")),
                    "to": _end(_text(form, f"street-{number}-to")),
                }
            )
    # An empty line that nobody filled is no street, unless it was just asked for or is the only one.
    kept = [street for street in streets if street["name"] or street["from"] or street["to"]] or streets[:1]
    if form.get(ACT) == ADD_STREET:
        kept.append({"name": "", "commune": "", "from": None, "to": None})
    return {"streets": kept, "direction": _direction(form)}


def _end(typed: str) -> dict[str, str] | None:
    """An end as it is typed: a house number, or else the street that crosses there."""
    if not typed:
        return None
    bare = typed.removeprefix("n°").removeprefix("N°").strip()
    starts_as_number = bare[:1].isdigit() and len(bare) <= _LONGEST_NUMBER
    return {"number": bare} if starts_as_number or read_house_number(bare) else {"crossing": typed}


_LONGEST_NUMBER: Final = 8


def end_text(end: object) -> str:
    """What was typed for an end."""
    if not isinstance(end, Mapping):
        return ""
    return text_of(end.get("number")) or text_of(end.get("crossing"))


def _read_road(form: Form) -> Json:
    spec: Json = {"road": _text(form, "road"), "direction": _direction(form), **_drawing(form, "points")}
    for end in ("from", "to"):
        pr, crossing = _text(form, f"{end}-pr"), _text(form, f"{end}-crossing")
        if pr:
            side = form.get(f"{end}-side", "U")
            abscissa = _text(form, f"{end}-abscissa") or "0"
            spec[end] = {"pr": pr, "abscissa_m": abscissa, "side": side if side in _SIDES else "U"}
        else:
            spec[end] = {"crossing": crossing} if crossing else None
    return spec


def _read_line(form: Form) -> Json:
    return {"label": _text(form, "label"), "direction": _direction(form), **_drawing(form, "points")}


def _read_polygon(form: Form) -> Json:
    return {
        "label": _text(form, "label"),
        "motorways": form.get("motorways") == "1",
        "left_out": _left_out(form),
        **_drawing(form, "rings"),
    }


def _read_town(form: Form) -> Json:
    typed = [_text(form, f"except-{number}") for number in range(MOST_EXCEPTIONS + 1) if f"except-{number}" in form]
    kept = list(dict.fromkeys(filter(None, typed)))[:MOST_EXCEPTIONS]
    if form.get(ACT) == ADD_EXCEPTION:
        kept.append("")
    return {"except": kept, "motorways": form.get("motorways") == "1", **_drawing(form, "rings")}


def _left_out(form: Form) -> list[str]:
    """The streets that were shown with a tick and have none now."""
    ticked = set(form.getlist("street-in"))
    shown = [name for value in form.getlist(STREETS_SHOWN) for name in value.splitlines()]
    return [name for name in dict.fromkeys(shown) if name and name not in ticked]


def _drawing(form: Form, name: str) -> Json:
    """What is drawn, as positions; a text that cannot be read as such is kept as it was typed."""
    text = form.get("drawing", "").strip()[: MOST_TEXT + 1]
    if not text:
        return {name: []}
    try:
        return {name: points_of(text) if name == "points" else rings_of(text)}
    except Invalid:
        # Told by `resolve_place`, beside the text.
        return {name: [], "text": text}


def drawing_text(kind: str, spec: Mapping[str, Any]) -> str:
    """The text of the drawing of a place: GeoJSON, or what was typed instead."""
    if isinstance(spec.get("text"), str):
        return str(spec["text"])
    if kind in {PlaceKind.LINE, PlaceKind.ROAD}:
        return json.dumps({"type": "LineString", "coordinates": spec["points"]}) if spec.get("points") else ""
    return json.dumps({"type": "Polygon", "coordinates": spec["rings"]}) if spec.get("rings") else ""


def _direction(form: Form) -> str:
    found = form.get("direction", "")
    return found if found in DIRECTIONS else Direction.BOTH.value


def _text(form: Form, name: str) -> str:
    return text_of(form.get(name))


_READERS: Final = {
    PlaceKind.STREET.value: _read_streets,
    PlaceKind.ROAD.value: _read_road,
    PlaceKind.LINE.value: _read_line,
    PlaceKind.POLYGON.value: _read_polygon,
    PlaceKind.TOWN.value: _read_town,
}
