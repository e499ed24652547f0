"""The lawful way between two points: engine, law over its graph, search, and the check at real times."""
