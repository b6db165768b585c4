"""Workflow files as the command ``setup`` reads them: where they publish, and what in them would make that fail."""
