"""The things that `make_sketches` can draw, and the hand that draws them."""
