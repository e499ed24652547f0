"""Each component, rendered alone with real forms: labels wired, errors told, ids unique, states worded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from jinja2 import UndefinedError
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    Field,
    FileField,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    validators,
    widgets,
)

from portal.db.paging import Page
from portal.jobs import JobState, JobView
from portal.web.forms import RowsField
from tests.support.web import FORBIDDEN_ATTRIBUTES

_CHOICES = [SelectChoice("a", "Premier"), SelectChoice("b", "Second")]
_NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class StopForm(Form):
    """A form inside a form."""

    address = StringField("Adresse", [validators.InputRequired("Indiquez une adresse.")])


class EveryForm(Form):
    """One field of each kind the pages use, all required."""

    text = StringField("Plaque", [validators.InputRequired("Indiquez la plaque.")], description="Comme AB-123-CD")
    number = IntegerField("Poids", [validators.InputRequired("Indiquez le poids.")])
    day = DateField("Jour", [validators.InputRequired("Indiquez le jour.")])
    hour = TimeField("Heure", [validators.InputRequired("Indiquez l’heure.")])
    reason = TextAreaField("Motif", [validators.InputRequired("Indiquez le motif.")])
    choice = SelectField("Catégorie", choices=_CHOICES, validators=[validators.InputRequired("Choisissez.")])
    radios = RadioField("Énergie", choices=_CHOICES, validators=[validators.InputRequired("Choisissez l’énergie.")])
    boxes = SelectMultipleField(
        "Jours",
        choices=_CHOICES,
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
        validators=[validators.InputRequired("Choisissez un jour.")],
    )
    agreed = BooleanField("J’accepte", [validators.InputRequired("Cochez la case.")])
    document = FileField("Fichier", [validators.InputRequired("Choisissez un fichier.")])
    lon = HiddenField()
    lat = HiddenField()
    stops = RowsField(FormField(StopForm), min_entries=2)


FIELDS = ["text", "number", "day", "hour", "reason", "choice", "radios", "boxes", "agreed", "document"]
TERRITORY = SimpleNamespace(slug="ville", name="Ville", bounds=(2.0, 47.0, 2.1, 47.1))


@pytest.fixture
def render(app: Flask) -> Iterator[Callable[..., Any]]:
    """Render a line of template in the application, in a request; return the parsed markup."""

    def _render(source: str, **context: object) -> BeautifulSoup:
        markup = BeautifulSoup(app.jinja_env.from_string(source).render(**context), "html.parser")
        ids = [str(tag["id"]) for tag in markup.find_all(id=True)]
        assert len(ids) == len(set(ids)), f"ids used twice in {ids}"
        for tag in markup.find_all(True):
            assert not set(tag.attrs) & set(FORBIDDEN_ATTRIBUTES)
            for name in ("aria-describedby", "aria-labelledby", "aria-controls"):
                for target in str(tag.get(name, "")).split():
                    assert target in ids, f"{name}={target} names nothing"
        return markup

    with app.test_request_context("/"):
        yield _render


def _field(render: Any, form_field: Field, **options: object) -> Any:
    return render('{% from "components/field.html" import field %}{{ field(f, **o) }}', f=form_field, o=options)


@pytest.mark.parametrize("name", FIELDS)
def test_field_is_labelled_and_shows_no_error_when_not_sent(render: Any, name: str) -> None:
    markup = _field(render, EveryForm()[name])
    inputs = markup.find_all(["input", "select", "textarea"])
    labels = {label["for"] for label in markup.find_all("label")}
    assert inputs and {tag["id"] for tag in inputs} <= labels
    assert not markup.select("[aria-invalid]") and not markup.select(".j-field__error")


@pytest.mark.parametrize("name", FIELDS)
def test_field_tells_its_error_beside_it_when_invalid(render: Any, name: str) -> None:
    form = EveryForm(MultiDict())
    assert not form.validate()
    markup = _field(render, form[name])
    error = markup.select_one(f"#{name}-error")
    assert error is not None and form[name].errors[0] in error.get_text()
    described = markup.select_one("[aria-describedby]")
    assert described is not None and f"{name}-error" in described["aria-describedby"].split()


def test_field_keeps_what_was_typed_when_invalid(render: Any) -> None:
    form = EveryForm(MultiDict({"number": "douze", "text": '<b>"'}))
    form.validate()
    assert _field(render, form.number).find("input")["value"] == "douze"
    assert _field(render, form.text).find("input")["value"] == '<b>"'


def test_field_has_hint_and_attributes_when_asked(render: Any) -> None:
    markup = _field(render, EveryForm().text, width="short", autocomplete="off", inputmode="text")
    entry = markup.find("input")
    assert entry["aria-describedby"] == "text-hint" and entry["autocomplete"] == "off" and entry["inputmode"] == "text"
    assert markup.select_one("#text-hint").get_text() == "Comme AB-123-CD"
    assert markup.select_one(".j-field--short")


def test_field_says_optional_when_not_required(render: Any) -> None:
    class OneForm(Form):
        note = StringField("Remarque")

    assert "(facultatif)" in _field(render, OneForm().note).find("label").get_text()
    assert "(facultatif)" not in _field(render, EveryForm().text).find("label").get_text()


def test_error_summary_links_to_every_faulty_field_when_invalid(render: Any) -> None:
    form = EveryForm(MultiDict({"stops-0-address": "1 rue Haute", "stops-1-address": ""}))
    form.validate()
    form.form_errors.append("La fin est avant le début.")
    markup = render('{% from "components/error_summary.html" import error_summary %}{{ error_summary(f) }}', f=form)
    summary = markup.select_one('[role="alert"]')
    links = {link["href"]: link.get_text() for link in summary.find_all("a")}
    assert set(links) == {f"#{name}" for name in FIELDS} | {"#stops-1-address"}
    assert "Plaque" in links["#text"] and "Indiquez la plaque." in links["#text"]
    assert "La fin est avant le début." in summary.get_text() and summary["tabindex"] == "-1"


def test_error_summary_is_nothing_when_valid(render: Any) -> None:
    markup = render('{% from "components/error_summary.html" import error_summary %}{{ error_summary(f) }}', f=Form())
    assert not markup.get_text(strip=True)


def test_upload_is_labelled_and_tells_errors_when_invalid(render: Any) -> None:
    form = EveryForm(MultiDict())
    form.validate()
    source = '{% from "components/upload.html" import upload %}{{ upload(f, accept=".csv", hint="CSV") }}'
    markup = render(source, f=form.document)
    entry = markup.find("input")
    assert entry["type"] == "file" and entry["accept"] == ".csv"
    assert entry["aria-describedby"].split() == ["document-hint", "document-error"]


def test_address_picker_works_without_script_and_keeps_its_point(render: Any) -> None:
    form = EveryForm(MultiDict({"text": "1 rue Haute", "lon": "2.05", "lat": "47.05"}))
    source = (
        '{% from "components/address_picker.html" import address_picker %}{{ address_picker(f.text, f.lon, f.lat, t) }}'
    )
    markup = render(source, f=form, t=TERRITORY)
    sent = {tag["name"]: tag.get("value") for tag in markup.find_all("input")}
    assert sent == {"text": "1 rue Haute", "lon": "2.05", "lat": "47.05"}
    assert markup.select_one("[data-address]")["data-address"] == "/territoires/ville/adresses"
    assert markup.select_one("details [data-map]")


def test_address_options_carry_their_point(render: Any) -> None:
    found = [SimpleNamespace(label="1 <rue>", lon=2.05, lat=47.05)]
    source = '{% from "components/address_picker.html" import address_options %}{{ address_options(s) }}'
    option = render(source, s=found).select_one('[role="option"]')
    assert (option["data-label"], option["data-lon"], option["data-lat"]) == ("1 <rue>", "2.05", "47.05")


@pytest.mark.parametrize(
    ("page", "links"),
    [
        (Page([1], None, None), {}),
        (Page([1], "apres", None), {"next": "apres"}),
        (Page([1], "apres", "avant"), {"prev": "avant", "next": "apres"}),
    ],
)
def test_pager_links_where_the_list_goes_on(render: Any, page: Page[int], links: dict[str, str]) -> None:
    markup = render('{% from "components/pager.html" import pager %}{{ pager(p, "pages.home", etat="x") }}', p=page)
    assert {tag["rel"][0]: tag["href"] for tag in markup.find_all("a")} == {
        rel: f"/?etat=x&cursor={cursor}" for rel, cursor in links.items()
    }


def _job(state: JobState, done: int = 0, total: int = 0) -> JobView:
    return JobView(UUID(int=1), "kind", state, None, done, total, None, _NOW, None)


@pytest.mark.parametrize("state", list(JobState))
def test_progress_polls_only_when_the_job_goes_on(render: Any, state: JobState) -> None:
    source = '{% from "components/progress.html" import job_progress %}{{ job_progress(j, "/etat", "/fin") }}'
    markup = render(source, j=_job(state, 40, 100))
    box = markup.select_one(".j-progress")
    if state.ended:
        assert box["data-job-ended"] == "/fin" and not box.get("hx-get") and not markup.find("progress")
    else:
        assert box["hx-get"] == "/etat" and markup.find("progress")["value"] == "40"
        assert markup.find("noscript") is not None


def test_progress_is_indeterminate_when_the_total_is_unknown(render: Any) -> None:
    source = '{% from "components/progress.html" import job_progress %}{{ job_progress(j, "/etat") }}'
    assert not render(source, j=_job(JobState.RUNNING)).find("progress").has_attr("value")


@pytest.mark.parametrize("colour", ["blue", "red", "grey", "black", "white"])
def test_colour_badge_says_a_letter_and_a_word(render: Any, colour: str) -> None:
    badge = render('{% from "components/badge.html" import colour_badge %}{{ colour_badge(c) }}', c=colour)
    assert badge.select_one(".j-colour__letter").get_text() and len(badge.get_text(strip=True)) > 4


def test_verdict_shows_a_different_shape_for_each_tone(render: Any) -> None:
    source = '{% from "components/verdict.html" import verdict %}{{ verdict(t, "Mot", "Motif", [("Plaque", "AB")]) }}'
    shapes = {str(render(source, t=tone).find("path")["d"]) for tone in ("green", "orange", "red", "grey")}
    assert len(shapes) == 4


def test_map_attributes_are_readable_json_whatever_the_text(render: Any) -> None:
    layers = [{"kind": "stops", "label": "L’« arrêt » <1> & 'l\"autre'", "url": "/x?a=1&b=2"}]
    source = '{% from "components/map.html" import map %}{{ map("m", t, l, list_url="/liste") }}'
    section = render(source, t=TERRITORY, l=layers).select_one("[data-map]")

    assert json.loads(section["data-layers"]) == layers
    assert json.loads(section["data-bounds"]) == [2.0, 47.0, 2.1, 47.1]
    assert all(json.loads(section["data-texts"]).values()) and "/liste" in str(section.find("noscript"))


def test_map_shows_the_country_when_the_territory_is_not_built(render: Any) -> None:
    unbuilt = SimpleNamespace(slug="ville", name="Ville", bounds=None)
    markup = render('{% from "components/map.html" import map %}{{ map("m", t) }}', t=unbuilt)
    assert markup.select_one("[data-map]")["data-bounds"].startswith("[-5.2")


def test_table_has_caption_scopes_and_sorting(render: Any) -> None:
    source = (
        '{% from "components/table.html" import table %}{% call table("Liste", ["A", {"label": "B", "numeric": true,'
        ' "sort_url": "?b", "sorted": "ascending"}, {"label": "C", "hidden": true}]) %}<tr><td>1</td></tr>{% endcall %}'
    )
    markup = render(source)
    heads = markup.find_all("th")
    assert markup.caption.get_text() == "Liste" and all(head["scope"] == "col" for head in heads)
    assert heads[1]["aria-sort"] == "ascending" and heads[1].a["href"] == "?b"
    assert heads[2].select_one(".visually-hidden")


def test_confirm_posts_with_its_token_and_fields(render: Any) -> None:
    source = (
        '{% from "components/confirm.html" import confirm %}'
        '{% call confirm("c", "Supprimer", "Sûr ?", "/s", "Oui", hidden={"version": 3}) %}<i>raison</i>{% endcall %}'
    )
    form = render(source).find("form")
    assert form["method"] == "post" and form["action"] == "/s" and form.i
    names = {tag["name"] for tag in form.find_all("input")}
    assert names == {"csrf_token", "version"}


def test_plain_parts_render_and_leave_out_what_is_empty(render: Any) -> None:
    markup = render(
        '{% from "components/banner.html" import banner %}{% from "components/empty_state.html" import empty_state %}'
        '{% from "components/definition.html" import definition %}'
        '{% from "components/button.html" import submit, link_button %}'
        '{{ banner("Texte", "danger") }}{{ empty_state("Rien", "Faites ceci", "Ajouter", "/a") }}'
        '{{ definition([("A", "1"), ("B", none), ("C", ""), ("D", 0)]) }}{{ submit("Envoyer", name="n", value="") }}'
        '{{ link_button("Aller", "/b") }}'
    )
    assert [dt.get_text() for dt in markup.find_all("dt")] == ["A", "D"]
    assert markup.select_one('[role="alert"]') and markup.select_one('a[href="/a"]')
    assert markup.button["type"] == "submit" and markup.button["value"] == ""


def test_component_fails_when_an_argument_is_unknown(render: Any) -> None:
    with pytest.raises(UndefinedError):
        render('{% from "components/badge.html" import badge %}{{ badge(nothing) }}')
