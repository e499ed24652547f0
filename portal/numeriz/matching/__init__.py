"""The law on the road graph: what waits, the job that matches it, and what the clerk sees."""
