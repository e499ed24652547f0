"""Sources that the portal reads by itself: where they are, when they are read, and how they are fetched."""
