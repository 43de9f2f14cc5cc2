"""One file per metric; none imports another."""
