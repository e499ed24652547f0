"""Running the portal: supervisor, worker, demonstration data. It composes every context; only the CLI imports it."""
