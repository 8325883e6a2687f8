"""Which settings and methods pay: the defaults, teachers and students, few examples."""
