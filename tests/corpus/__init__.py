"""Files as people have them, each with its expected outcome."""
