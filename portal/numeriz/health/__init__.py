"""The health of the data: what is not fresh, was not imported, or says less than a route or a GPS needs."""
