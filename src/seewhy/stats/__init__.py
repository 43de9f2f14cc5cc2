"""Small pure functions on arrays: what a number from images is worth, and whether two of them can be told apart."""
