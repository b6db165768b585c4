"""How the locked packages get into the private folder. Standard library only: it runs before anything is installed."""
