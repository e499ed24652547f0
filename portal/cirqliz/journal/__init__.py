"""The journal as people read it: who did what, when, by which rule, before and after."""
