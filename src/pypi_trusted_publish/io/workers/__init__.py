"""The worker processes: they read distributions and render descriptions, and have nothing that is worth stealing."""
