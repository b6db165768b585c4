"""Installs the locked packages into the private folder. Standard library only: it runs before anything is installed."""
