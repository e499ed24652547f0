"""The supervisor's pages: the rules in order, one rule and its versions, its form with a trial, the test bench."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.decisions.frame import desk_frame
from portal.cirqliz.pages import show
from portal.cirqliz.rules import applying, messages, queries, services, trial
from portal.cirqliz.rules.conditions import Rule
from portal.cirqliz.rules.forms import FactsForm, RuleForm
from portal.cirqliz.rules.policies import RuleValues, check_rule
from portal.cirqliz.rules.queries import RuleView
from portal.cirqliz.rules.settings import access_settings
from portal.common.actor import StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid, NotFound
from portal.numeriz.api import law_for_display
from portal.territories.api import TerritoryView, get_territory
from portal.web.guards import current_actor, guard, staff

PREFIX = "/territoires/<territory>"
SUPERVISOR = staff(StaffRole.SUPERVISOR)
_RECENT = timedelta(days=30)


def perimeter_names(territory: TerritoryView) -> Mapping[str, str]:
    """Return the perimeters that are or will be active, by id, with a name that tells two of one event apart."""
    now = SYSTEM_CLOCK.now()
    found = {}
    for perimeter in law_for_display(territory).perimeters.values():
        if any(span.end is None or span.end > now for span in perimeter.activations):
            found[perimeter.id] = " – ".join(part for part in (perimeter.event, perimeter.name) if part)
    return dict(sorted(found.items(), key=lambda one: (one[1], one[0])))


def rules_page(template: str, territory: TerritoryView, **context: Any) -> str:
    """Render a page of the supervisor, framed as the desk is."""
    frame = desk_frame(territory)
    return show(f"rules/{template}", territory=territory, rule_messages=messages, **frame, **context)


@blueprint.get(f"{PREFIX}/regles")
@guard(SUPERVISOR)
def list_rules(territory: str) -> ResponseReturnValue:
    """Show the rules in the order they are asked, as sentences, with how often each has answered."""
    place = get_territory(territory)
    rules = queries.list_rules(place.id)
    return rules_page(
        "list.html",
        place,
        rules=rules,
        retired=queries.list_retired_rules(place.id),
        names=perimeter_names(place),
        answers=queries.count_answers(place.id, SYSTEM_CLOCK.now() - _RECENT),
        settings=access_settings(place.id),
        foretold=applying.foretell(place.id),
        job=applying.applying_job(place.id),
    )


@blueprint.get(f"{PREFIX}/regles/<uuid:rule_id>")
@guard(SUPERVISOR)
def show_rule(territory: str, rule_id: UUID) -> ResponseReturnValue:
    """Show one version of a rule with the others of its family."""
    place = get_territory(territory)
    rule = queries.get_rule(place.id, rule_id)
    versions = queries.list_versions(place.id, rule.family_id)
    return rules_page("rule.html", place, rule=rule, versions=versions, names=perimeter_names(place))


@blueprint.route(f"{PREFIX}/regles/nouvelle", methods=["GET", "POST"])
@guard(SUPERVISOR)
def new_rule(territory: str) -> ResponseReturnValue:
    """Write a rule; it may be tried on the last requests before it is saved."""
    return _edit(get_territory(territory), None)


@blueprint.route(f"{PREFIX}/regles/<uuid:rule_id>/modification", methods=["GET", "POST"])
@guard(SUPERVISOR)
def edit_rule(territory: str, rule_id: UUID) -> ResponseReturnValue:
    """Write the next version of a rule."""
    place = get_territory(territory)
    return _edit(place, queries.get_rule(place.id, rule_id))


def _edit(place: TerritoryView, before: RuleView | None) -> ResponseReturnValue:
    form = RuleForm()
    if before is not None and request.method == "GET":
        form.show(RuleValues(before.name, before.conditions, before.outcome))
    names = perimeter_names(place)
    form.offer(names)
    if request.method == "GET":
        return _form_page(place, form, before, names)
    try:
        values = form.values()
        if request.form.get("act") == "try":
            others = [one.name for one in queries.list_rules(place.id) if before is None or one.id != before.id]
            check_rule(values, others)
            return _form_page(place, form, before, names, tried=values)
        if before is None:
            services.add_rule(current_actor(), place.slug, values)
        else:
            services.change_rule(current_actor(), place.slug, before.id, values)
    except Invalid as error:
        form.show_error(error)
        return _form_page(place, form, before, names), 422
    except Conflict as error:
        form.show_error(error)
        return _form_page(place, form, before, names), 409
    flash(str(messages.FLASHES["rule-added" if before is None else "rule-changed"]), "success")
    return redirect(url_for("cirqliz.list_rules", territory=place.slug), 303)


def _form_page(
    place: TerritoryView,
    form: RuleForm,
    before: RuleView | None,
    names: Mapping[str, str],
    tried: RuleValues | None = None,
) -> str:
    return rules_page(
        "form.html",
        place,
        form=form,
        before=before,
        names=names,
        tried=tried,
        result=None if tried is None else _try(place, tried, before),
    )


def _try(place: TerritoryView, values: RuleValues, before: RuleView | None) -> trial.Trial:
    """Try the draft where it would stand: in the place of the version it replaces, or last."""
    draft = Rule("", values.name, 0, values.conditions, values.outcome)
    present = queries.list_rules(place.id)
    rules = [draft if before is not None and one.id == before.id else one.rule for one in present]
    if draft not in rules:
        rules.append(draft)
    return trial.try_on_last(place.id, rules, draft)


@blueprint.post(f"{PREFIX}/regles/<uuid:rule_id>/place")
@guard(SUPERVISOR)
def move_rule(territory: str, rule_id: UUID) -> ResponseReturnValue:
    """Ask a rule before or after its neighbour."""
    up = request.form.get("vers") == "haut"
    return _act(territory, lambda: services.move_rule(current_actor(), territory, rule_id, up=up), "rule-moved")


@blueprint.post(f"{PREFIX}/regles/<uuid:rule_id>/retrait")
@guard(SUPERVISOR)
def retire_rule(territory: str, rule_id: UUID) -> ResponseReturnValue:
    """Withdraw a rule."""
    return _act(territory, lambda: services.retire_rule(current_actor(), territory, rule_id), "rule-retired")


@blueprint.post(f"{PREFIX}/regles/application")
@guard(SUPERVISOR)
def apply_rules(territory: str) -> ResponseReturnValue:
    """Let the rules answer to the requests that were waiting before them."""
    return _act(territory, lambda: applying.ask_to_apply(current_actor(), territory), "rules-applied")


@blueprint.get(f"{PREFIX}/regles/application")
@guard(SUPERVISOR)
def rules_progress(territory: str) -> ResponseReturnValue:
    """Answer how far the rules are."""
    place = get_territory(territory)
    job = applying.applying_job(place.id)
    if job is None:
        raise NotFound("job-not-found")
    return show("rules/applying.html", territory=place, job=job)


def _act(territory: str, act: Any, done: str) -> ResponseReturnValue:
    try:
        act()
    except Conflict as error:
        flash(messages.rule_error(error), "danger")
    else:
        flash(str(messages.FLASHES[done]), "success")
    return redirect(url_for("cirqliz.list_rules", territory=territory), 303)


@blueprint.get(f"{PREFIX}/regles/essai")
@guard(SUPERVISOR)
def try_rules(territory: str) -> ResponseReturnValue:
    """Show which rule answers to a past request or to facts typed, and why each condition holds or not."""
    place = get_territory(territory)
    form = FactsForm(request.args)
    facts: Mapping[str, Any] | None = None
    unknown = False
    if (form.request.data or "").strip():
        facts = trial.facts_of_past(place.id, form.request.data)
        unknown = facts is None
    elif request.args:
        facts = form.facts()
    rules = [one.rule for one in queries.list_rules(place.id)]
    return rules_page(
        "bench.html",
        place,
        form=form,
        unknown=unknown,
        names=perimeter_names(place),
        explained=None if facts is None else trial.explain(rules, facts),
    )
