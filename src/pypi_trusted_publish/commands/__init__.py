"""The commands: each composes what it needs and hands it to what does the work."""
