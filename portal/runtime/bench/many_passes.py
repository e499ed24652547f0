"""A database with as many passes as a measure wants: copies of those of the demonstration, some with a real code."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from portal.cirqliz.tokens import KeyRing, TokenPayload, seal_token, territory_prefix
from portal.regulations.perimeters import Colour

_COPIED = (
    "territory_id, company_id, company_name, request_id, plate, plate_display, plate_key, state, issued_at, "
    "revoke_text, driver_name, changed_at"
)
_MODELS = """
CREATE TEMP TABLE model AS
SELECT row_number() OVER (ORDER BY p.id) - 1 AS rank, p.* FROM access_pass p
WHERE p.state = 'active' AND p.number NOT LIKE 'BENCH-%'
"""
# Ids grow as those of the portal do; what it draws at random is random here, but for the end of the typed code: of a
# million drawn, two would be the same.
_PASSES = f"""
WITH RECURSIVE line(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM line WHERE n + 1 < :end)
INSERT INTO access_pass
  (id, number, vehicle_id, valid_from, valid_to, token_id, token, short_code, {_COPIED})
SELECT printf('%032x', n + 1), 'BENCH-' || n, lower(hex(randomblob(16))), valid_from, valid_to,
  randomblob(8), hex(randomblob(85)), hex(randomblob(2)) || printf('%06X', n), {_COPIED}
FROM line JOIN model ON model.rank = line.n % (SELECT count(*) FROM model)
"""  # noqa: S608 only our own constants
_PERIMETERS = """
INSERT INTO pass_perimeter (id, pass_id, perimeter_id, name, event, colour, motorised)
SELECT lower(hex(randomblob(16))), printf('%032x', CAST(substr(p.number, 7) AS INTEGER) + 1),
  i.perimeter_id, i.name, i.event, i.colour, i.motorised
FROM access_pass p
JOIN model ON model.rank = CAST(substr(p.number, 7) AS INTEGER) % (SELECT count(*) FROM model)
JOIN pass_perimeter i ON i.pass_id = model.id
WHERE p.id > printf('%032x', :first) AND p.id <= printf('%032x', :end) AND p.number LIKE 'BENCH-%'
"""


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database that is in use."""
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


def add_passes(database: Path, first: int, end: int) -> None:
    """Add the passes numbered from `first` to `end` (excluded), with their perimeters. Seconds per 100,000."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        connection.execute(_MODELS)
        for sentence in (_PASSES, _PERIMETERS):
            connection.execute(sentence, {"first": first, "end": end})


def sign_some(database: Path, ring: KeyRing, end: int, wanted: int, *, own_dates: bool = False) -> list[str]:
    """Sign `wanted` passes spread over those up to `end`; return their tokens in no order.

    own_dates: each of them ends at a minute of its own, so that no two show the same hours.
    """
    chosen = secrets.SystemRandom().sample(range(end), wanted)
    tokens = []
    with closing(sqlite3.connect(database)) as connection, connection:
        for rank, number in enumerate(chosen):
            id_ = f"{number + 1:032x}"
            territory, plate, starts_at, ends_at = connection.execute(
                "SELECT territory_id, plate, valid_from, valid_to FROM access_pass WHERE id = ?", (id_,)
            ).fetchone()
            ends = _instant(ends_at) + timedelta(minutes=rank + 1 if own_dates else 0)
            payload = TokenPayload(
                token_id=secrets.token_bytes(8),
                starts_at=_instant(starts_at),
                ends_at=ends,
                colours=frozenset({Colour.BLUE}),
                territory=territory_prefix(UUID(territory)),
                plate=plate,
            )
            tokens.append(seal_token(ring, payload))
            connection.execute(
                "UPDATE access_pass SET token_id = ?, token = ?, valid_to = ? WHERE id = ?",
                (payload.token_id, tokens[-1], f"{ends:%Y-%m-%d %H:%M:%S.%f}", id_),
            )
    return tokens


def _instant(stored: str) -> datetime:
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)
