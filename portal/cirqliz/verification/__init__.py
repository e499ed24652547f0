"""An agent or anybody checks a pass."""
