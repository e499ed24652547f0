"""Signs of OpenStreetMap as law of lowest precedence: tags, their values, the measures they make."""
