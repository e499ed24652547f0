"""Loans: a vehicle of one company that another drives for a time, hired or subcontracted."""
