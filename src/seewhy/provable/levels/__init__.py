"""The levels, grouped by idea."""
