"""Open data: the law of a territory, or of all of them, as files in the formats of others."""
