"""Traffic orders in DATEX II v3: as the national base writes them, and in the standard reading."""
