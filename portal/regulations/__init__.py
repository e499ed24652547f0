"""The law as pure functions from values to values.

No clock, no database, no file: callers pass the instants, the shapes and the vehicles.
Modules, from the leaves up: `vehicles`, `holidays`, `calendars`, `schedules`, `matches`, `measures`, `perimeters`,
`passes`, `geometry`, `sites`, `snapshot`, `answers`, `judging_measures`, `precedence`, `judging`, `evaluate`.
Units are in the names (kg, cm, m, km/h); instants are aware; shapes are (lon, lat) WGS84.
Source of every rule: the glossary and the decision records under `docs/`.
"""
