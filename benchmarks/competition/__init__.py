"""The competition: the winner's recipe, the steps from there, and the recipes of the package."""
