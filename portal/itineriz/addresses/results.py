"""The stored result of a check: JSON lines, the answers first, then one line per address that names its answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from portal.common.errors import NotFound
from portal.common.text import fold

type Values = Mapping[str, Any]


def encode(answers: Sequence[Values], addresses: Sequence[Values]) -> bytes:
    """The content of the file of a result."""
    lines = [json.dumps({"answers": len(answers)})]
    lines += [json.dumps(values, ensure_ascii=False) for values in (*answers, *addresses)]
    return ("\n".join(lines) + "\n").encode()


@dataclass(frozen=True)
class Results:
    """A result read back. An answer is only parsed when somebody looks at it."""

    _answers: Sequence[str]
    addresses: Sequence[Values]

    @classmethod
    def read(cls, content: bytes) -> Results:
        """Read the file of a result."""
        # A text may hold other signs that count as line breaks: only ours ends a line here.
        head, *lines = content.decode().removesuffix("\n").split("\n")
        count = json.loads(head)["answers"]
        return cls(lines[:count], [json.loads(line) for line in lines[count:]])

    @cached_property
    def _places(self) -> dict[int, int]:
        return {values["number"]: place for place, values in enumerate(self.addresses)}

    def address(self, number: int) -> Values:
        """An address by its number in the list. Raises NotFound."""
        place = self._places.get(number)
        if place is None:
            raise NotFound("address-not-found")
        return self.addresses[place]

    def answer(self, address: Values) -> Values | None:
        """The answer of an address, None when it was not located."""
        rank = address["answer"]
        return None if rank is None else self.answers_by_rank(rank)

    def answers_by_rank(self, rank: int) -> Values:
        """An answer by its rank."""
        values: Values = json.loads(self._answers[rank])
        return values

    def found(self, verdict: str = "", search: str = "") -> Iterator[Values]:
        """The addresses with a verdict that hold a text, doubtful ones first, then in the order of the list."""
        words = fold(search)
        wanted = [
            values
            for values in self.addresses
            if (not verdict or values["verdict"] == verdict)
            and (not words or words in fold(f"{values['name']} {values['text']} {values['label']}"))
        ]
        yield from sorted(wanted, key=lambda values: values["doubt"] is None)

    def with_address(self, address: Values, answer: Values | None) -> bytes:
        """The file with one address replaced, by its number, and its answer added."""
        answers = [json.loads(line) for line in self._answers]
        if answer is not None:
            answers.append(answer)
            address = {**address, "answer": len(answers) - 1}
        place = self._places[address["number"]]
        return encode(answers, [*self.addresses[:place], address, *self.addresses[place + 1 :]])

    def counts_with(self, address: Values) -> dict[str, int]:
        """How many addresses have each verdict, once one of them is replaced."""
        counts: dict[str, int] = {}
        for values in self.addresses:
            verdict = (address if values["number"] == address["number"] else values)["verdict"]
            counts[verdict] = counts.get(verdict, 0) + 1
        return counts
