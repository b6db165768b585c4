"""The worker processes: they read distributions and render descriptions, without access to secrets."""
