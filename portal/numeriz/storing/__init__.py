"""Bringing drafts and stored rows together: what is new, what differs, what stays; inside one unit of work."""
