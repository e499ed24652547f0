"""Whatever a source writes in a field, its reader answers with a draft, an issue or a coded refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.common.errors import Invalid
from portal.numeriz.imports.dialog_search import DIALOG_JSON
from portal.numeriz.imports.events.bison_fute import BISON_FUTE
from portal.numeriz.imports.events.cifs import CIFS
from portal.numeriz.imports.reading import Format, ReadingContext, SourceFile
from portal.numeriz.messages import ISSUES
from tests.support.dialog_answers import item
from tests.support.events import INCIDENT, closure, linear, publication

CONTEXT = ReadingContext(
    ZoneInfo("Europe/Paris"), (2.3, 48.8, 2.4, 48.9), datetime(2026, 9, 1, tzinfo=UTC), 10**6, 10**4
)
DATES = st.sampled_from(
    ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+02:00", "2026-09-01", "2026-13-01T00:00:00", "24:00", ""]
)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20)
TEXTS = st.text(max_size=20) | DATES | st.just("a\ud800\x00b")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | DATES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def texts_in(value: Any) -> Iterator[str]:
    """Every text of a draft, which a database must be able to hold."""
    if isinstance(value, str):
        assert "\x00" not in value
        yield value
    elif isinstance(value, Mapping):
        yield from texts_in([*value, *value.values()])
    elif isinstance(value, (list, tuple, frozenset)):
        for part in value:
            yield from texts_in(part)
    elif is_dataclass(value):
        yield from texts_in([getattr(value, held.name) for held in fields(value)])


def read_all(chosen: Format[Any], content: bytes) -> int:
    """Read every record; return how many drafts there were. Each issue must have its sentence."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        drafts = 0
        try:
            reading = chosen.open([SourceFile("file", path)], CONTEXT)
            for record in reading.records:
                understood = record.read()
                "".join(texts_in([record.id, reading.source, understood.issues])).encode()
                drafts += len(understood.drafts)
                for draft in understood.drafts:
                    "".join(texts_in(draft)).encode()
                for issue in (*understood.issues, *(i for draft in understood.drafts for i in draft.issues)):
                    assert str(ISSUES[issue.code]) % {"measure": 0, **issue.params}
        except Invalid:
            return drafts
        return drafts


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.data())
def test_a_situation_is_read_or_refused_when_its_fields_hold_anything(data: st.DataObject) -> None:
    names = ("start", "end", "status", "version", "probability")
    text = (WORDS | DATES).map(lambda said: escape(said, {'"': "&quot;"}))
    chosen = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, text)))
    number = data.draw(st.floats() | WORDS.map(escape))
    speed = f"<temporarySpeedLimit>{number}</temporarySpeedLimit>"
    place = linear().replace("48.82", str(number))
    read_all(BISON_FUTE, publication(closure(speed, place=place, **chosen)).encode())


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.dictionaries(st.sampled_from([*INCIDENT, "schedule", "location", "subtype", "lanes"]), VALUES, max_size=4))
def test_an_incident_is_read_or_refused_when_its_fields_hold_anything(changes: dict[str, Any]) -> None:
    read_all(CIFS, json.dumps({"incidents": [{**INCIDENT, **changes}]}).encode())


def with_value_at(found: Any, path: list[int], value: Any) -> Any:
    """The same JSON with another value at a place reached by numbers, counted round the members of each level."""
    if not path or not isinstance(found, (dict, list)) or not found:
        return value
    keys = list(found) if isinstance(found, dict) else list(range(len(found)))
    key = keys[path[0] % len(keys)]
    changed = with_value_at(found[key], path[1:], value)
    if isinstance(found, dict):
        return {**found, key: changed}
    return [changed if place == key else held for place, held in enumerate(found)]


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), VALUES)
def test_an_order_is_read_or_refused_when_one_of_its_values_is_anything(path: list[int], value: Any) -> None:
    read_all(DIALOG_JSON, json.dumps({"regulations": [with_value_at(item(), path, value)]}).encode())


def test_what_is_sound_gives_a_draft_when_nothing_is_changed() -> None:
    assert read_all(CIFS, json.dumps({"incidents": [INCIDENT]}).encode()) == 1
    assert read_all(DIALOG_JSON, json.dumps([item()]).encode()) == 1
    assert read_all(BISON_FUTE, publication(closure(place=linear().replace("48.8", "48.83"))).encode()) == 1
