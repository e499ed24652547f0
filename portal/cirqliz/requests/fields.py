"""Inputs that say in plain words what they cannot read."""

from __future__ import annotations

from typing import Any

from wtforms import DateField, IntegerField, TimeField

from portal.cirqliz.messages import ERRORS


class LocalDate(DateField):
    """A date as browsers send it, or typed by hand where they do not know dates."""

    def __init__(self, label: object, **options: Any) -> None:
        super().__init__(label, format=["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y"], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            raise ValueError(str(ERRORS["date-missing"]))
        try:
            super().process_formdata([valuelist[0].strip()])
        except ValueError as error:
            raise ValueError(str(ERRORS["date-unreadable"])) from error


class LocalTime(TimeField):
    """An hour of the clock: 09:30, 9h30."""

    def __init__(self, label: object, **options: Any) -> None:
        super().__init__(label, format=["%H:%M", "%H:%M:%S", "%Hh%M"], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            raise ValueError(str(ERRORS["time-missing"]))
        try:
            super().process_formdata([valuelist[0].strip()])
        except ValueError as error:
            raise ValueError(str(ERRORS["time-unreadable"])) from error


class Minutes(IntegerField):
    """A whole number of minutes; nothing typed is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        if not (text or "0").isdecimal():
            self.data = None
            raise ValueError(str(ERRORS["service-unreadable"]))
        self.data = int(text or "0")
