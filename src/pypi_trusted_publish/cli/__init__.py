"""The commands: each puts together what it needs and runs it."""
