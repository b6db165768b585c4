"""Real distributions, fetched by name and hash with pip, of which `check` must have no error."""
