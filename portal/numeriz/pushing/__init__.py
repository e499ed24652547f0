"""Telling the national base (DiaLog) what an order written here says, by its write API.

`ask_push` is called in the transaction that stores a version; a job does the rest.
"""

from portal.numeriz.pushing.asking import ask_push

__all__ = ["ask_push"]
