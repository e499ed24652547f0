"""The pages: the desk of the clerk, and the open data of everybody."""
