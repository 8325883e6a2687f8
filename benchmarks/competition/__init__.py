"""The competition: its original recipe, the ladder from there, and the package's recipes."""
