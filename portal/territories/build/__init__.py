"""From one OpenStreetMap extract to a territory: routing graph, base map, address index."""
