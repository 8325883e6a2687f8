"""How fast the library is, beside other ways to do the same, and how it grows."""
