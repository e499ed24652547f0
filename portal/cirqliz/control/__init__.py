"""Control in the street: what an agent's phone carries, what it sends back, and what is kept of it."""
