"""The address check: up to 10,000 addresses, a vehicle and a week; when each one is open, and with which pass."""
