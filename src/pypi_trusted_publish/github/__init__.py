"""GitHub: the runner's variables and commands, its identity endpoint, its REST API. Adapters."""
