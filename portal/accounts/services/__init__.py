"""Writing people and companies: one function, one use case, one transaction."""
