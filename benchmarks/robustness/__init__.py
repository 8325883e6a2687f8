"""What the package withstands: damaged files (``fuzz``), and runs that are disturbed (``soak``)."""
