"""Gives every chain of streets a plausible French name, each name once."""

from __future__ import annotations

import math
from collections.abc import Iterator

from portal.territories.demo_town import words
from portal.territories.demo_town.dice import dice
from portal.territories.demo_town.drafts import TownDraft
from portal.territories.demo_town.network import Chain

VOWELS = "aeiouy"
COMPASS = ("Est", "Nord-Est", "Nord", "Nord-Ouest", "Ouest", "Sud-Ouest", "Sud", "Sud-Est")


class NameMint:
    """Hands out names and never the same twice."""

    def __init__(self, seed: int) -> None:
        self._rng = dice("names", seed)
        self._used: set[str] = set()
        self._persons = self._all_persons()
        self._pools = {
            "old_town": self._pool([f"des {w}" for w in words.CRAFTS], words.OLD_PLACES, words.SAINTS),
            "nature": self._pool([f"des {w}" for w in words.NATURE]),
            "industry": self._pool(words.INDUSTRY),
            "country": self._pool(words.COUNTRY),
            "virtues": self._pool(words.VIRTUES),
            "villages": self._pool([f"de {v}" if v[0] not in "AEO" else f"d’{v}" for v in words.VILLAGES]),
            "bridges": list(words.BRIDGES[2:])[::-1],
        }

    def _pool(self, *lists: list[str]) -> list[str]:
        pool = [word for words_ in lists for word in words_]
        self._rng.shuffle(pool)
        return pool

    def _all_persons(self) -> Iterator[str]:
        seen: set[str] = set()
        while True:
            first = self._rng.choice(words.FIRST_NAMES)
            start, end = self._rng.choice(words.SURNAME_STARTS), self._rng.choice(words.SURNAME_ENDS)
            # a syllable that closes on a doubled consonant loses one before another consonant
            surname = (start[:-1] if start[-2:-1] == start[-1] and end[0] not in VOWELS else start) + end
            person = f"{first}-{surname}" if self._rng.random() < 0.06 else f"{first} {surname}"
            if person not in seen:
                seen.add(person)
                yield person

    def take(self, kinds: tuple[str, ...], pool: str | None, person_share: float = 0.0) -> str:
        """Return a new name made of one of the kinds and a word of the pool, or a person once it is empty."""
        kind = self._rng.choice(kinds)
        if pool and self._pools[pool] and self._rng.random() >= person_share:
            name = f"{kind} {self._pools[pool].pop()}"
        else:
            name = f"{kind} {next(self._persons)}"
        if name in self._used:
            return self.take(kinds, pool, person_share)
        self._used.add(name)
        return name

    def fixed(self, name: str, otherwise: tuple[str, ...]) -> str:
        """Return the name when it is free, else a new one of the given kinds."""
        if name in self._used:
            return self.take(otherwise, None)
        self._used.add(name)
        return name

    def bridge(self) -> str:
        """Return the next bridge name."""
        pool = self._pools["bridges"]
        return pool.pop() if pool else self.take(("Pont",), None)


def name_chains(draft: TownDraft, chains: list[Chain], seed: int) -> None:
    """Name the chains in place."""
    mint = NameMint(seed)
    town_map = draft.map
    degree = town_map.degree
    for chain in chains:
        points = [town_map.points[n] for n in chain.nodes]
        middle = points[len(points) // 2]
        reach = draft.plan.reach(middle)
        side = COMPASS[round(math.atan2(middle[1], middle[0]) / (math.pi / 4)) % 8]
        if chain.is_bridge:
            old = chain.role == "axis"
            chain.name = mint.fixed(words.BRIDGES[0], ("Pont",)) if old else mint.bridge()
        elif chain.role == "ring" and chain.highway == "trunk":
            chain.name = mint.fixed(f"Rocade {side}", ("Boulevard",))
        elif chain.role in ("ring", "old_ring"):
            chain.name = mint.take(("Boulevard",), "virtues" if chain.role == "old_ring" else None, 0.4)
        elif chain.role == "radial":
            chain.name = mint.take(("Route",), "villages") if reach > 1.05 else mint.take(("Avenue",), "virtues", 0.8)
        elif chain.role.startswith("quay"):
            chain.name = mint.take(("Quai",), "old_town" if reach < 0.4 else None, 0.3)
        elif chain.role == "axis":
            chain.name = mint.fixed("Grande Rue" if middle[1] > 0 else "Rue du Vieux-Pont", ("Rue",))
        elif chain.role == "cross_axis":
            chain.name = mint.take(("Rue",), "virtues")
        else:
            chain.name = _cut_name(mint, chain, is_dead_end=degree[chain.nodes[-1]] == 1, reach=reach)


def _cut_name(mint: NameMint, chain: Chain, *, is_dead_end: bool, reach: float) -> str:
    if chain.zone == "old_town":
        short = len(chain.nodes) <= 4
        return mint.take(("Ruelle", "Passage", "Rue") if short else ("Rue",), "old_town")
    if chain.zone == "industry":
        return mint.take(("Rue", "Avenue"), "industry", 0.2)
    if reach > 1.2:
        return mint.take(("Chemin",), "country", 0.1)
    if chain.highway in ("secondary", "tertiary"):
        return mint.take(("Avenue", "Rue", "Cours"), None)
    if is_dead_end:
        return mint.take(("Impasse",), "nature")
    if chain.zone == "suburb":
        return mint.take(("Rue", "Rue", "Allée"), "nature", 0.35)
    return mint.take(("Rue",), "nature", 0.85)
