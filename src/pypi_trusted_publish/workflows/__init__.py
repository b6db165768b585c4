"""Workflow files: where they publish, what would make that fail, and how to migrate them."""
