"""One file per method, named like the method."""
