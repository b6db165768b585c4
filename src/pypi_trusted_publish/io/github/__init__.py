"""GitHub: workflow commands, the job's variables, the identity endpoint, the REST API."""
