"""Stops from elsewhere: saved places, and a day of stops from a spreadsheet."""
