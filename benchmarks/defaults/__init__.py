"""Which settings do well with nothing set: a study over images of many kinds."""
