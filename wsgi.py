"""Entry point of the web server: `gunicorn wsgi:app`."""

import gc

from portal import create_app

app = create_app()

# What the portal is made of stays for good: the search for reference cycles need not look through it again and again.
gc.freeze()
