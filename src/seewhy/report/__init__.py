"""Documents that a person reads without us."""
