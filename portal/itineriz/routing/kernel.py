"""The search itself, compiled: labels on the edges of a graph, settled in the order of the engine's cost.

A label says: this edge has been driven to its end, at this cost, this many seconds after the departure. A label is
dropped when another at the same place costs no more (and, where the law changes during the trip, is no later). A
vehicle never waits on the way and never drives round to let time pass: where a closure ends soon, arriving later would
help, and this search does not look for it; a later departure is for the caller to propose.

Method: Dijkstra on edges, so that a turn has its own cost; the law of the moment as in the time-dependent shortest path
of Dreyfus; goal direction by landmarks and the triangle inequality (Goldberg and Harrelson).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from numba import njit

type Floats = npt.NDArray[np.float64]
type Singles = npt.NDArray[np.float32]
type Ints = npt.NDArray[np.int32]
type Longs = npt.NDArray[np.int64]
type Truths = npt.NDArray[np.bool_]
type Bytes = npt.NDArray[np.uint8]
type Pack = tuple[Any, ...]
"""Arrays that belong together: a compiled function takes no object."""

UNREACHED = 1e9
"""Stands for no way in the tables of the landmarks: more than any way costs, and exact in single precision."""

WORTH_S = 10.0
"""Where the law changes during a trip, a dearer way is kept beside a cheaper one when it is this much earlier; before
a refusal, when it is earlier at all."""

NOT_FOUND, FOUND, TOO_DEAR, SCRATCH_FULL = 0, 1, 2, -1
_NONE = -1


def _compiled[F: Callable[..., Any]](function: F) -> F:
    """The function as machine code, kept on disk, free of the interpreter's lock while it runs."""
    return cast("F", njit(cache=True, nogil=True)(function))


@_compiled
def _push(keys: Floats, items: Ints, size: int, key: float, item: int) -> int:
    place = size
    while place > 0:
        parent = (place - 1) >> 1
        if keys[parent] <= key:
            break
        keys[place] = keys[parent]
        items[place] = items[parent]
        place = parent
    keys[place] = key
    items[place] = item
    return size + 1


@_compiled
def _pop(keys: Floats, items: Ints, size: int) -> int:
    """Remove the first entry, which the caller has read; return the new size."""
    size -= 1
    key, item = keys[size], items[size]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[place] = keys[child]
        items[place] = items[child]
        place = child
    keys[place] = key
    items[place] = item
    return size


@_compiled
def costs_from(row: int, ptr: Ints, to: Ints, weight: Floats, out: Any) -> None:
    """Fill out[v] with the cost from the end of a row to the end of each row, UNREACHED where there is no way."""
    out[:] = UNREACHED
    keys = np.empty(len(to) + 1, dtype=np.float64)
    items = np.empty(len(to) + 1, dtype=np.int32)
    out[row] = 0.0
    size = _push(keys, items, 0, 0.0, row)
    while size > 0:
        key, here = keys[0], items[0]
        size = _pop(keys, items, size)
        if key > out[here]:
            continue
        for arc in range(ptr[here], ptr[here + 1]):
            cost = key + weight[arc]
            if cost < out[to[arc]]:
                out[to[arc]] = cost
                size = _push(keys, items, size, cost, to[arc])


@_compiled
def _meets(start: float, end: float, span_from: float, span_until: float) -> bool:
    """The same as Interval.meets: closed at t when from <= t < until; an interval without length is an instant."""
    if start == end:
        return span_from <= start and start < span_until
    return span_from < end and start < span_until and span_from != span_until


@_compiled
def _part_closed(spans: Floats, first: int, last: int, start: float, end: float) -> bool:
    for index in range(first, last):  # noqa: SIM110 a generator cannot be compiled
        if _meets(start, end, spans[index, 0], spans[index, 1]):
            return True
    return False


@_compiled
def _bears(law: Pack, row: int, regulation: int) -> bool:
    pair_ptr, pair_reg = law[0], law[1]
    for pair in range(pair_ptr[row], pair_ptr[row + 1]):  # noqa: SIM110 a generator cannot be compiled
        if pair_reg[pair] == regulation:
            return True
    return False


@_compiled
def _active(law: Pack, regulation: int, start: float, end: float) -> bool:
    span_ptr, span_from, span_until = law[4], law[5], law[6]
    for span in range(span_ptr[regulation], span_ptr[regulation + 1]):
        if _meets(start, end, span_from[span], span_until[span]):
            return True
    return False


@_compiled
def _zones_after(code: int, borne: int, active: int, zone_end: Bytes, radix: Longs) -> int:
    """The state of the zones once an edge is driven, -1 when that is not allowed. borne, active: bits by zone.

    In each zone: 0 inside since the start, 1 not inside for a stop, 2 inside until the end. Only a zone with a stop at
    either end of the leg has a state; the code counts them in a mixed radix.
    """
    out, scale = 0, 1
    for zone in range(len(radix)):
        base = radix[zone]
        state = code % base
        code //= base
        # A zone of two states has 0 and 1 when the start is inside, 1 and 2 when the end is.
        if base == 2 and zone_end[zone]:
            state += 1
        inside = (borne >> zone) & 1
        if state == 0 and not inside:
            state = 1
        elif state == 1 and inside and (active >> zone) & 1:
            if not zone_end[zone]:
                return -1
            state = 2
        elif state == 2 and not inside:
            return -1
        if base == 2 and zone_end[zone]:
            state -= 1
        out += state * scale
        scale *= base
    return out


@_compiled
def _drive_part(law: Pack, zones: Pack, borne: int, start: float, end: float, code: int) -> int:
    """The state of the zones once a part of an edge that bears some of them (bits) is driven over [start, end]."""
    _, zone_end, radix, zone_reg = zones
    active = 0
    for zone in range(len(radix)):
        if (borne >> zone) & 1 and _active(law, zone_reg[zone], start, end):
            active |= 1 << zone
    return _zones_after(code, borne, active, zone_end, radix)


@_compiled
def _drive_row(
    law: Pack, zones: Pack, row: int, before: int, start: float, end: float, code: int, soft: bool
) -> tuple[int, float]:
    """Whether a whole row may be driven over [start, end]: (state of the zones or -1, what it costs more)."""
    pair_ptr, pair_reg, reg_state, reg_penalty = law[0], law[1], law[2], law[3]
    row_closed = law[7]
    extra = 0.0
    if row_closed[row]:
        if not soft:
            return -1, 0.0
        extra += law[8][0]
    first, last = pair_ptr[row], pair_ptr[row + 1]
    _, zone_end, radix, _ = zones
    borne, active = 0, 0
    for pair in range(first, last):
        regulation = pair_reg[pair]
        state = reg_state[regulation]
        if state == 0:
            continue
        if state >= 2 and state - 2 < len(radix):
            borne |= 1 << (state - 2)
            if _active(law, regulation, start, end):
                active |= 1 << (state - 2)
            continue
        if not _active(law, regulation, start, end):
            continue
        if not soft:
            return -1, 0.0
        if before < 0 or not _bears(law, before, regulation):
            extra += reg_penalty[regulation]
    if len(radix) > 0:
        after = _zones_after(code, borne, active, zone_end, radix)
        if after < 0 and soft:
            return code, extra + law[8][1]
        return after, extra
    return code, extra


@_compiled
def closed_along(law: Pack, rows: Ints, begin_s: Floats, end_s: Floats, depart: float, out: Truths) -> None:
    """Mark the rows of a way that something closes at the moment it is there, or that bear a zone."""
    pair_ptr, pair_reg, reg_state, row_closed = law[0], law[1], law[2], law[7]
    for place in range(len(rows)):
        row = rows[place]
        out[place] = row_closed[row]
        for pair in range(pair_ptr[row], pair_ptr[row + 1]):
            regulation = pair_reg[pair]
            if reg_state[regulation] and _active(law, regulation, depart + begin_s[place], depart + end_s[place]):
                out[place] = True


@_compiled
def _bound(row: int, targets: Pack, towards: Singles, away: Singles, use_bound: bool) -> float:
    """Least cost from the end of a row to the nearest target: never more than the real one."""
    if not use_bound:
        return 0.0
    target_row, target_rest = targets[1], targets[5]
    best = np.inf
    for index in range(len(target_row)):
        goal = target_row[index]
        bound = 0.0
        for landmark in range(towards.shape[1]):
            one = towards[row, landmark] - towards[goal, landmark]
            other = away[goal, landmark] - away[row, landmark]
            bound = max(bound, one, other)
        # The landmarks measure to the end of the target's edge, of which only a part is driven.
        bound = bound * 0.99999 - 0.01 - target_rest[index]
        best = min(best, bound)
    return max(best, 0.0)


@_compiled
def _mark_destinations(graph: Pack, starts: Pack, targets: Pack, marks: Ints, generation: int, queue: Ints) -> None:
    """Mark the streets for those who stop in them that lead from a start, or to a target, through such streets only."""
    only, ptr, to, state_row = graph[5], graph[7], graph[8], graph[6]
    back_ptr, back_from = graph[12], graph[13]
    size = 0
    for index in range(len(starts[0])):
        row = starts[0][index]
        if only[row] and marks[row] != generation:
            marks[row] = generation
            queue[size] = row
            size += 1
    done = 0
    while done < size:
        row = queue[done]
        done += 1
        for arc in range(ptr[row], ptr[row + 1]):
            following = state_row[to[arc]]
            if only[following] and marks[following] != generation:
                marks[following] = generation
                queue[size] = following
                size += 1
    first = size
    for index in range(len(targets[1])):
        row = targets[1][index]
        if only[row]:
            # Marked from the start or not, the way to it is looked for.
            marks[row] = generation
            queue[size] = row
            size += 1
            if size >= len(queue):
                return
    done = first
    while done < size:
        row = queue[done]
        done += 1
        for arc in range(back_ptr[row], back_ptr[row + 1]):
            source = back_from[arc]
            if only[source] and marks[source] != generation and size < len(queue):
                marks[source] = generation
                queue[size] = source
                size += 1


@_compiled
def search(
    graph: Pack,
    law: Pack,
    zones: Pack,
    starts: Pack,
    targets: Pack,
    directs: Pack,
    bounds: Pack,
    options: Pack,
    scratch: Pack,
    best: Floats,
) -> int:
    """Search from the starts to each target. Returns FOUND when all are reached, NOT_FOUND, SCRATCH_FULL, or TOO_DEAR
    when what was left untried surely costs more than was asked for.

    graph: rows, turns and their costs (see network.py, which builds every tuple here). best: (t, 2) cost and label of
    each target, filled. The labels stay in the scratch, to be read by `trace`.
    """
    edge_s, edge_cost, state_row = graph[3], graph[4], graph[6]
    ptr, to, arc_s, arc_cost, arc_back = graph[7], graph[8], graph[9], graph[10], graph[11]
    is_open, only = graph[2], graph[5]
    depart, soft, timed, worth_s, relaxed, use_bound, codes, generation, most_cost = options
    towards, away = bounds
    keys, items, label_cost, label_s, label_state, label_code, label_from, label_next, label_dead = scratch[:9]
    head, head_mark, bound_of, bound_mark, marks, target_head, target_mark, queue = scratch[9:]
    start_row, start_at, start_extra, start_ptr, start_spans, start_borne, first_code = starts
    target_id, target_row, target_at, target_extra, target_ptr, _, target_spans, target_borne = targets
    direct_start, direct_target, direct_ptr, direct_spans = directs

    if not relaxed:
        _mark_destinations(graph, starts, targets, marks, generation, queue)
    for index in range(len(target_row)):
        row = target_row[index]
        if target_mark[row] != generation:
            target_mark[row] = generation
            target_head[row] = _NONE
    target_next = np.empty(len(target_row), dtype=np.int32)
    for index in range(len(target_row)):
        target_next[index] = target_head[target_row[index]]
        target_head[target_row[index]] = index
    for index in range(len(best)):
        best[index, 0] = np.inf
        best[index, 1] = _NONE
    left = len(best)
    settled = np.zeros(len(best), dtype=np.bool_)
    most, labels, size = len(label_cost), 0, 0
    too_dear = False

    for index in range(len(direct_start)):
        source, target = direct_start[index], direct_target[index]
        row = start_row[source]
        share = target_at[target] - start_at[source]
        if not is_open[row] or _part_closed(
            direct_spans, direct_ptr[index], direct_ptr[index + 1], depart, depart + share * edge_s[row]
        ):
            continue
        cost = share * edge_cost[row] + start_extra[source] + target_extra[target]
        if labels >= most or size >= len(keys):
            return SCRATCH_FULL
        label_cost[labels], label_s[labels] = cost, share * edge_s[row]
        label_state[labels], label_code[labels] = -1 - target, 0
        label_from[labels], label_dead[labels] = -2 - source, False
        size = _push(keys, items, size, cost, labels)
        labels += 1

    for index in range(len(start_row)):
        row = start_row[index]
        spent_s = (1.0 - start_at[index]) * edge_s[row]
        if not is_open[row]:
            continue
        code = first_code
        if len(zones[2]) > 0:
            code = _drive_part(law, zones, start_borne[index], depart, depart + spent_s, code)
            if code < 0:
                continue
        if _part_closed(start_spans, start_ptr[index], start_ptr[index + 1], depart, depart + spent_s):
            continue
        if labels >= most or size >= len(keys):
            return SCRATCH_FULL
        cost = (1.0 - start_at[index]) * edge_cost[row] + start_extra[index]
        label_cost[labels], label_s[labels] = cost, spent_s
        label_state[labels], label_code[labels] = row, code
        label_from[labels], label_dead[labels] = -2 - index, False
        key = row * codes + code
        if head_mark[key] != generation:
            head_mark[key] = generation
            head[key] = _NONE
        label_next[labels] = head[key]
        head[key] = labels
        bound = _bound(row, targets, towards, away, use_bound)
        size = _push(keys, items, size, cost + bound, labels)
        labels += 1

    while size > 0 and left > 0:
        here = items[0]
        size = _pop(keys, items, size)
        if label_dead[here]:
            continue
        state = label_state[here]
        if state < 0:
            goal = target_id[-1 - state]
            if not settled[goal]:
                settled[goal] = True
                best[goal, 0], best[goal, 1] = label_cost[here], here
                left -= 1
            continue
        # A label is only expanded once, whatever the number of entries it had.
        label_dead[here] = not timed
        row = state_row[state]
        passable = False
        for turn_back in range(2):
            if turn_back and passable:
                break
            for arc in range(ptr[state], ptr[state + 1]):
                if arc_back[arc] != (turn_back == 1):
                    continue
                reached = to[arc]
                following = state_row[reached]
                begin_s = label_s[here]
                turned_s = begin_s + arc_s[arc]
                turned_cost = label_cost[here] + arc_cost[arc]
                if only[following] and not relaxed and marks[following] != generation:
                    continue
                if target_mark[following] == generation:
                    index = target_head[following]
                    while index != _NONE:
                        end_s = turned_s + target_at[index] * edge_s[following]
                        shut = _part_closed(
                            target_spans, target_ptr[index], target_ptr[index + 1], depart + begin_s, depart + end_s
                        )
                        code = label_code[here]
                        if not shut and len(zones[2]) > 0 and not soft:
                            code = _drive_part(law, zones, target_borne[index], depart + begin_s, depart + end_s, code)
                        if not shut and code >= 0 and not settled[target_id[index]]:
                            passable = True
                            if labels >= most or size >= len(keys):
                                return SCRATCH_FULL
                            cost = turned_cost + target_at[index] * edge_cost[following] + target_extra[index]
                            if cost > most_cost:
                                too_dear = True
                                index = target_next[index]
                                continue
                            label_cost[labels], label_s[labels] = cost, end_s
                            label_state[labels], label_code[labels] = -1 - index, code
                            label_from[labels], label_dead[labels] = here, False
                            size = _push(keys, items, size, cost, labels)
                            labels += 1
                        index = target_next[index]
                end_s = turned_s + edge_s[following]
                code, extra = _drive_row(
                    law, zones, following, row, depart + begin_s, depart + end_s, label_code[here], soft
                )
                if code < 0 or extra == np.inf:
                    continue
                passable = True
                cost = turned_cost + edge_cost[following] + extra
                key = reached * codes + code
                if head_mark[key] != generation:
                    head_mark[key] = generation
                    head[key] = _NONE
                dominated = False
                other = head[key]
                while other != _NONE:
                    if label_cost[other] <= cost and (not timed or label_s[other] <= end_s + worth_s):
                        dominated = True
                        break
                    other = label_next[other]
                if dominated:
                    continue
                if bound_mark[following] != generation:
                    bound_mark[following] = generation
                    bound_of[following] = _bound(following, targets, towards, away, use_bound)
                bound = bound_of[following]
                if bound >= UNREACHED * 0.5:
                    continue
                if cost + bound > most_cost:
                    too_dear = True
                    continue
                if labels >= most or size >= len(keys):
                    return SCRATCH_FULL
                other = head[key]
                while other != _NONE:
                    if label_cost[other] >= cost and (not timed or label_s[other] >= end_s):
                        label_dead[other] = True
                    other = label_next[other]
                label_cost[labels], label_s[labels] = cost, end_s
                label_state[labels], label_code[labels] = reached, code
                label_from[labels], label_dead[labels] = here, False
                label_next[labels] = head[key] if timed else _NONE
                head[key] = labels
                size = _push(keys, items, size, cost + bound, labels)
                labels += 1
    if left == 0:
        return FOUND
    return TOO_DEAR if too_dear else NOT_FOUND


@_compiled
def trace(label: int, label_from: Ints, out: Any) -> int:
    """Write the labels from the start to this one; return how many, or -1 when they do not fit."""
    count = 0
    here = label
    while here >= 0:
        if count >= len(out):
            return -1
        out[count] = here
        count += 1
        here = label_from[here]
    for place in range(count // 2):
        out[place], out[count - 1 - place] = out[count - 1 - place], out[place]
    return count


@_compiled
def reach_of_rows(graph: Pack, enough: int) -> tuple[Ints, Ints]:
    """How many junctions each row leads to, and from how many it can be reached; counted up to enough.

    graph: ptr and to of the turns, ptr and from of the turns back, the nodes at both ends of each row.
    """
    ptr, to, back_ptr, back_from, start_nodes, end_nodes = graph
    count = len(start_nodes)
    outbound, inbound = np.zeros(count, dtype=np.int32), np.zeros(count, dtype=np.int32)
    seen = np.full(count, -1, dtype=np.int64)
    nodes = max(np.max(start_nodes), np.max(end_nodes)) + 1 if count else 0
    counted = np.full(nodes, -1, dtype=np.int64)
    queue = np.empty(count, dtype=np.int32)
    for turn in range(2 * count):
        forward = turn < count
        row = turn if forward else turn - count
        queue[0] = row
        seen[row] = turn
        size, done, reached = 1, 0, 0
        while done < size and reached < enough:
            here = queue[done]
            done += 1
            node = end_nodes[here] if forward else start_nodes[here]
            if counted[node] != turn:
                counted[node] = turn
                reached += 1
            first, last = (ptr[here], ptr[here + 1]) if forward else (back_ptr[here], back_ptr[here + 1])
            for arc in range(first, last):
                following = to[arc] if forward else back_from[arc]
                if following < count and seen[following] != turn:
                    seen[following] = turn
                    queue[size] = following
                    size += 1
        if forward:
            outbound[row] = reached
        else:
            inbound[row] = reached
    return outbound, inbound
