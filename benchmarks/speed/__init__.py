"""How fast the library is, compared with alternatives, and how time and memory grow."""
