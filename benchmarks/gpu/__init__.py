"""What a GPU does with the package, in a few minutes: ``python -m gpu.run --help``."""
