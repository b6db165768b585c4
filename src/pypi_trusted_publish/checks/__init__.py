"""What the index refuses and what users would run into, one file for each family: the rules and their checks."""
