"""Alerts without an account: a mail when something new will apply on streets or in an area."""
