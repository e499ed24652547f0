"""The law of a territory in memory: read, kept, rebuilt, and put into words."""
