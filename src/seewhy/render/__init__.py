"""Pictures and words, made from an explanation's numbers only."""
