"""What the package withstands: damaged files (``fuzz``) and runs that are disturbed (``soak``).

And what its tests notice: mistakes in its source (``mutants``).
"""
