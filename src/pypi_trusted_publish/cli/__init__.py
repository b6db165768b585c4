"""The commands: each assembles what it needs and runs it."""
