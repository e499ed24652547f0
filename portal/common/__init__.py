"""Values and small functions every layer may use; imports the standard library only."""
