"""The flow of a release: what is decided, in which order things happen, and what each step demands."""
