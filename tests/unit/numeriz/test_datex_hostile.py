"""Files meant to break the reader: refused or mended with a reason, in bounded time and memory."""

from __future__ import annotations

import json
import math
import tracemalloc
from pathlib import Path

import pytest

from portal.common.errors import Invalid
from portal.numeriz.imports.datex.shapes import MAX_VERTICES
from portal.numeriz.imports.xml import MAX_RECORD_BYTES, XmlRecords, text_of
from tests.support.datex import any_of, order, publication, read_file, regulation, when, where


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hostile.xml"


_ORDER = "trafficRegulationOrder"
_BOMB = (
    '<!DOCTYPE x [<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)) + "]>"
)


@pytest.mark.parametrize(
    "declared",
    [
        _BOMB,
        '<!DOCTYPE x [<!ENTITY a11 SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p; <!ENTITY a11 "x">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE x>",
    ],
    ids=["bomb", "outside file", "outside declarations", "outside type", "bare"],
)
@pytest.mark.parametrize("used", ["<a>&a11;</a>", '<a b="&a11;"/>', "<a/>"], ids=["text", "attribute", "unused"])
def test_a_document_type_is_refused(path: Path, declared: str, used: str) -> None:
    path.write_text(f'<?xml version="1.0"?>{declared}{used}', encoding="utf-8")
    with pytest.raises(Invalid) as raised:
        list(XmlRecords(path, "a"))
    # An entity that swells is stopped while the declaration itself is read.
    assert raised.value.code in {"xml-doctype", "not-xml"}
    if used == "<a/>" and declared is not _BOMB:
        assert raised.value.code == "xml-doctype"


def _broken(path: Path) -> tuple[list[str], Invalid]:
    """What is given before the document breaks off, and why it does."""
    given: list[str] = []
    with pytest.raises(Invalid) as raised:
        given.extend(element.get("id", "") for element in XmlRecords(path, _ORDER))
    return given, raised.value


def test_the_orders_before_a_cut_are_given(path: Path) -> None:
    whole = publication(order(order_id="a"), order(order_id="b"), order(order_id="c"))
    path.write_text(whole[: whole.index('id="c"') + 200], encoding="utf-8")
    given, error = _broken(path)
    assert (given, error.code) == (["a", "b"], "not-xml")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_bytes_that_are_not_the_declared_encoding_are_refused(path: Path, encoding: str) -> None:
    path.write_bytes(publication(order(title="Arrêté")).encode(encoding))
    given, error = _broken(path)
    assert (given, error.code) == ([], "not-xml")


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_another_encoding_is_read_when_it_is_declared(path: Path, encoding: str) -> None:
    text = publication(order(title="Arrêté")).replace('encoding="UTF-8"', f'encoding="{encoding}"')
    path.write_bytes(text.encode(encoding))
    assert [text_of(element, "description", "values", "value") for element in XmlRecords(path, _ORDER)] == ["Arrêté"]


def test_a_tree_without_a_bottom_is_refused(path: Path) -> None:
    path.write_text("<a>" + "<b>" * 100_000 + "</b>" * 100_000 + "</a>", encoding="utf-8")
    assert _broken(path)[1].code == "not-xml"


def test_a_text_of_a_hundred_megabytes_is_refused(path: Path) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write("<a>")
        for _ in range(100):
            stream.write("x" * 1_000_000)
        stream.write("</a>")
    assert _broken(path)[1].code == "not-xml"


def test_many_small_elements_between_two_orders_are_refused(path: Path) -> None:
    path.write_text(f"<a><trafficRegulationOrder id='1'/>{'<b/>' * 4_000_000}</a>", encoding="utf-8")
    given, error = _broken(path)
    assert (given, error.code, error.params) == (["1"], "xml-record-too-large", {"most": MAX_RECORD_BYTES >> 20})


def test_memory_does_not_grow_with_the_file(path: Path) -> None:
    def peak(count: int) -> int:
        path.write_text(publication(*(order(order_id=str(n)) for n in range(count))), encoding="utf-8")
        tracemalloc.start()
        for _element in XmlRecords(path, _ORDER):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(4_000) < 2 * peak(400)


def _drawn(path: Path, geometry: str) -> tuple[str, list[str]]:
    path.write_text(publication(order(regulation(any_of(when()), any_of(where(geometry))))), encoding="utf-8")
    read = read_file(path)
    shape = read.measure.locations[0].shape
    return ("empty" if shape.is_empty else shape.geom_type), read.codes


def _line(*points: str) -> str:
    return f'{{"type":"LineString","coordinates":[{",".join(points)}]}}'


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (_line("[2.36,48.86]", "[1e308,48.87]"), "place-out-of-world"),
        (_line("[2.36,48.86]", "[1e400,48.87]"), "place-unreadable"),
        (_line("[2.36,48.86]", "[NaN,48.87]"), "place-unreadable"),
        (_line("[2.36,48.86]", "[-1.797693134862315e308,48.87]"), "place-out-of-world"),
        (_line("[652469,6862035]", "[652470,6862036]"), "place-out-of-world"),
        (_line("[2.36]", "[2.37]"), "place-unreadable"),
        (_line('"x"', "[2.37,48]"), "place-unreadable"),
        ("[" * 5_000, "place-unreadable"),
        ('{"type":"Circle"}', "place-unreadable"),
    ],
    ids=["1e308", "1e400", "NaN", "-1.8e308", "projected", "one number", "text", "deep", "unknown type"],
)
def test_coordinates_that_are_nowhere_have_no_effect(path: Path, geometry: str, code: str) -> None:
    assert _drawn(path, geometry) == ("empty", [code])


def test_a_third_ordinate_is_dropped(path: Path) -> None:
    assert _drawn(path, _line("[2.36,48.86,-1e300]", "[2.37,48.87,0]")) == ("LineString", [])


def _ring(count: int, *, crossed: bool) -> str:
    step = count // 2 + 1 if crossed else 1
    ring = [
        [2 + 0.1 * math.cos(step * n * math.tau / count), 48 + 0.1 * math.sin(step * n * math.tau / count)]
        for n in range(count)
    ]
    return json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})


def test_an_area_of_a_hundred_thousand_vertices_is_drawn_with_fewer(path: Path) -> None:
    kind, codes = _drawn(path, _ring(100_000, crossed=False))
    assert (kind, codes) == ("Polygon", ["place-simplified"])


@pytest.mark.parametrize("count", [301, 5_001, 100_001])
def test_an_area_that_crosses_itself_everywhere_is_not_mended(path: Path, count: int) -> None:
    assert _drawn(path, _ring(count, crossed=True)) == ("empty", ["place-too-complex"])


def test_a_small_crossed_area_is_mended(path: Path) -> None:
    bow = {"type": "Polygon", "coordinates": [[[2, 48], [2.1, 48.1], [2.1, 48], [2, 48.1], [2, 48]]]}
    assert _drawn(path, json.dumps(bow)) == ("MultiPolygon", ["shape-repaired"])


def test_a_line_of_a_hundred_thousand_vertices_is_drawn_with_fewer(path: Path) -> None:
    points = [f"[{2 + n * 1e-6:.7f},{48 + 1e-5 * math.sin(n / 500):.9f}]" for n in range(100_000)]
    path.write_text(publication(order(regulation(any_of(when()), any_of(where(_line(*points)))))), encoding="utf-8")
    read = read_file(path)
    assert read.codes == ["place-simplified"]
    assert len(read.measure.locations[0].shape.coords) <= MAX_VERTICES
