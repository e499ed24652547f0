"""The form in which a clerk writes an order, step by step: who, then for each measure what, where, when, for whom."""
