"""What the index refuses and what causes problems for users: rules and checks, one file for each family."""
