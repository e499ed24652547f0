"""The demonstration: an invented town with its law, its companies, vehicles and requests, made through the services."""

from portal.runtime.demo.prepare import accounts_table, prepare

__all__ = ["accounts_table", "prepare"]
