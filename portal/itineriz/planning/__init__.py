"""The tour of several stops: order, hours, bays, what it avoids and what it costs, or what stands in its way."""
