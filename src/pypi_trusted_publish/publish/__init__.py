"""The flow of a release: the order of its steps and what runs in parallel."""
