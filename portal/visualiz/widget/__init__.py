"""The map in the page of another site: a frame without account, form or cookie, and the page that writes its code."""
