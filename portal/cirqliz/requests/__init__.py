"""A company asks for access."""
