"""What an order of stops costs on the clock, and how it is mended, compiled: seconds since the departure throughout.

A tour is a sequence of places of the tables, its start first and its end last; the end may be the start again. Its
cost is the second at which it ends plus the seconds at the wheel: an hour waited costs half of an hour driven. Being
late and ways that do not exist cost far more than any tour, so that the order with the fewest of them wins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numba import njit

NO_WAY = 1e8
"""Cost of one way that does not exist."""
LATE = 1e6
"""Cost of one stop served after its last hour, besides the seconds it is late."""
_NEIGHBOURS = 20
_PASSES = 30
_ROUNDING = 0.01
"""Sums of the same seconds in another order differ by less."""


def _compiled[F: Callable[..., Any]](function: F) -> F:
    return cast("F", njit(cache=True, nogil=True)(function))


@_compiled
def leg_seconds(asked_at: Any, seconds: Any, start: Any, end: Any, at: Any) -> Any:
    """Seconds from one place to another when one leaves at an instant: as asked for the nearest hour."""
    nearest = 0
    for sample in range(1, asked_at.shape[0]):
        if abs(asked_at[sample, start] - at) < abs(asked_at[nearest, start] - at):
            nearest = sample
    return seconds[nearest, start, end]


@_compiled
def begins_at(open_ptr: Any, open_from: Any, open_until: Any, place: Any, at: Any) -> Any:
    """The second at which service begins for who arrives at `at`; -1 when the last hour is over."""
    if open_ptr[place] == open_ptr[place + 1]:
        return at
    for span in range(open_ptr[place], open_ptr[place + 1]):
        if at < open_until[span]:
            return max(at, open_from[span])
    return -1.0


@_compiled
def cost_of(sequence: Any, size: Any, problem: Any, most: Any) -> Any:
    """Cost of a sequence; gives up, and returns more than `most`, as soon as it costs more."""
    return _cost_from(sequence, size, problem, most, 1, np.zeros(3), np.zeros(size), 0)


@_compiled
def _cost_from(
    sequence: Any, size: Any, problem: Any, most: Any, first: Any, gone: Any, rest: Any, same_from: Any
) -> Any:
    """Cost of a sequence whose places before `first` were gone through before, as `gone` tells (see `clock`).

    rest: what comes after each place costs at least this; for the places before `same_from`, what comes after that one.
    """
    at, wheel, penalty = gone
    asked_at, seconds, service_s, open_ptr, open_from, open_until = problem
    for place in range(first, size):
        leg = leg_seconds(asked_at, seconds, sequence[place - 1], sequence[place], at)
        if leg >= NO_WAY:
            penalty += NO_WAY
        else:
            at += leg
            wheel += leg
        stop = sequence[place]
        if place + 1 < size or stop != sequence[0]:
            begin = begins_at(open_ptr, open_from, open_until, stop, at)
            if begin < 0.0:
                penalty += LATE + at - open_until[open_ptr[stop + 1] - 1]
            else:
                at = begin
            at += service_s[stop]
        least = at + wheel + penalty + rest[max(place, same_from)]
        if least > most + _ROUNDING:
            return least
    return at + wheel + penalty


@_compiled
def clock(sequence: Any, size: Any, problem: Any, out: Any) -> None:
    """Write (second, wheel seconds, penalty) at each place of a sequence when it is left."""
    asked_at, seconds, service_s, open_ptr, open_from, open_until = problem
    out[0] = 0.0
    for place in range(1, size):
        at, wheel, penalty = out[place - 1]
        leg = leg_seconds(asked_at, seconds, sequence[place - 1], sequence[place], at)
        if leg >= NO_WAY:
            penalty += NO_WAY
        else:
            at += leg
            wheel += leg
        stop = sequence[place]
        if place + 1 < size or stop != sequence[0]:
            begin = begins_at(open_ptr, open_from, open_until, stop, at)
            if begin < 0.0:
                penalty += LATE + at - open_until[open_ptr[stop + 1] - 1]
            else:
                at = begin
            at += service_s[stop]
        out[place, 0], out[place, 1], out[place, 2] = at, wheel, penalty


@_compiled
def neighbours_of(seconds: Any) -> Any:
    """(n, k) the places nearest to each place, there and back together."""
    count = seconds.shape[1]
    room = min(_NEIGHBOURS, count)
    near = np.empty((count, room), dtype=np.int64)
    for place in range(count):
        both = np.minimum(seconds[0, place], seconds[0, :, place])
        near[place] = np.argsort(both, kind="mergesort")[:room]
    return near


@_compiled
def _least_after(sequence: Any, problem: Any, out: Any) -> None:
    """Write what the rest of a sequence costs at least after each place, whatever the hour at which it is left."""
    _, seconds, service_s, _, _, _ = problem
    size = sequence.shape[0]
    out[size - 1] = 0.0
    for place in range(size - 1, 0, -1):
        leg = np.inf
        for sample in range(seconds.shape[0]):
            leg = min(leg, seconds[sample, sequence[place - 1], sequence[place]])
        stays = place + 1 < size or sequence[place] != sequence[0]
        service = service_s[sequence[place]] if stays else 0.0
        out[place - 1] = out[place] + min(2.0 * leg, NO_WAY) + service


@_compiled
def _move(sequence: Any, first: Any, last: Any, after: Any, reverse: Any, out: Any) -> None:
    """Write the places that change when the part first..last is put behind the place `after` (outside the part)."""
    length = last - first + 1
    if after > last:
        out[first : after + 1 - length] = sequence[last + 1 : after + 1]
        to = after + 1 - length
    else:
        out[after + 1 + length : last + 1] = sequence[after + 1 : first]
        to = after + 1
    for step in range(length):
        out[to + step] = sequence[last - step] if reverse else sequence[first + step]


@_compiled
def mend(sequence: Any, problem: Any, near: Any) -> Any:
    """Improve a sequence in place by moving parts of one to three stops and turning parts round; return its cost.

    The first and the last place stay. The same sequence gives the same answer.
    """
    size = sequence.shape[0]
    tried = sequence.copy()
    at_place = np.full(problem[1].shape[1], -1, dtype=np.int64)
    gone, rest = np.empty((size, 3)), np.empty(size)
    clock(sequence, size, problem, gone)
    _least_after(sequence, problem, rest)
    best = gone[-1].sum()
    for _ in range(_PASSES):
        before = best
        for first in range(1, size - 1):
            stop = sequence[first]
            for place in range(size):
                at_place[sequence[place]] = place
            for other in range(near.shape[1]):
                # A tour that comes back has its start in both places: the last one stands for it here.
                beside = at_place[near[stop, other]]
                if near[stop, other] == stop or beside < 0:
                    continue
                found = _best_beside(sequence, size, problem, first, beside, best, tried, gone, rest)
                if found < best - 1e-6:
                    best = found
                    clock(sequence, size, problem, gone)
                    _least_after(sequence, problem, rest)
                    break
        if best >= before - 1e-6:
            break
    return best


@_compiled
def _best_beside(
    sequence: Any, size: Any, problem: Any, first: Any, beside: Any, best: Any, tried: Any, gone: Any, rest: Any
) -> Any:
    """Try the moves that bring the stop at `first` beside the one at `beside`; keep the first that is better.

    tried: the same sequence, before and after.
    """
    for length in range(1, 4):
        last = first + length - 1
        if last > size - 2:
            break
        for after in (beside, beside - 1):
            if after < 0 or after >= size - 1 or first - 1 <= after <= last:
                continue
            start, end = min(first, after + 1), max(last, after)
            for reverse in (False, True):
                if length == 1 and reverse:
                    continue
                _move(sequence, first, last, after, reverse, tried)
                found = _cost_from(tried, size, problem, best, start, gone[start - 1], rest, end + 1)
                if found < best - 1e-6:
                    sequence[start : end + 1] = tried[start : end + 1]
                    return found
                tried[start : end + 1] = sequence[start : end + 1]
    low, high = min(first, beside), max(first, beside)
    for start, end in ((low, high), (low + 1, high), (low, high - 1)):
        if start < 1 or end > size - 2 or start >= end:
            continue
        tried[start : end + 1] = sequence[start : end + 1][::-1]
        found = _cost_from(tried, size, problem, best, start, gone[start - 1], rest, end + 1)
        if found < best - 1e-6:
            sequence[start : end + 1] = tried[start : end + 1]
            return found
        tried[start : end + 1] = sequence[start : end + 1]
    return best


@_compiled
def insert_at_best(sequence: Any, stop: Any, problem: Any) -> Any:
    """The sequence with one more stop where it costs least, and that cost."""
    size = sequence.shape[0] + 1
    tried = np.empty(size, dtype=np.int64)
    best_place, best = 1, np.inf
    for place in range(1, size - 1):
        tried[:place] = sequence[:place]
        tried[place] = stop
        tried[place + 1 :] = sequence[place:]
        found = cost_of(tried, size, problem, best)
        if found < best:
            best_place, best = place, found
    tried[:best_place] = sequence[:best_place]
    tried[best_place] = stop
    tried[best_place + 1 :] = sequence[best_place:]
    return tried, best


@_compiled
def best_of_all(sequence: Any, problem: Any) -> Any:
    """Put the cheapest of all orders of the middle of a sequence into it; return its cost. For few stops."""
    size = sequence.shape[0]
    tried = sequence.copy()
    tried[1 : size - 1] = np.sort(sequence[1 : size - 1])
    best = np.inf
    while True:
        found = cost_of(tried, size, problem, best)
        if found < best:
            best = found
            sequence[:] = tried
        # The next order in the order of the alphabet.
        fall = size - 3
        while fall >= 1 and tried[fall] > tried[fall + 1]:
            fall -= 1
        if fall < 1:
            return best
        other = size - 2
        while tried[other] < tried[fall]:
            other -= 1
        tried[fall], tried[other] = tried[other], tried[fall]
        tried[fall + 1 : size - 1] = tried[fall + 1 : size - 1][::-1].copy()
