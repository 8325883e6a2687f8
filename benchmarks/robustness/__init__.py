"""Damaged files (``fuzz``), disturbed runs (``soak``), and mistakes in the source (``mutants``)."""
