"""A clerk decides on a request."""
