"""`joptimiz passes`: the keys by which passes are signed."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from portal.cirqliz.passes.keys import key_ring
from portal.cirqliz.tokens import key_id_of

group = AppGroup("passes", help="Look after the keys by which passes are signed.")


@group.command("keys")
def keys() -> None:
    """Print the public keys whose passes count, the one that signs now first; none of it is secret.

    Before a new seed: put the first into JOPTIMIZ_PASS_OLD_KEYS. A line is the key, its byte in tokens, its use.

    Example: joptimiz passes keys
    """
    ring = key_ring()
    for key in ring.public_keys:
        use = "signs now" if key == ring.public_key else "still trusted"
        click.echo(f"{key.hex()}  {key_id_of(key):02x}  {use}")
