"""Fleet files that went wrong somewhere, built byte by byte."""
