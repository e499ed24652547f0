"""Delivery bays that clerks enter, correct, photograph and put out of use."""
