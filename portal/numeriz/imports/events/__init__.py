"""Readers of live events: one module per source, the parts of DATEX II version 2 beside them."""
