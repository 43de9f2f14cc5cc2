"""Contracts, tiny models and oracles, shipped for authors of methods."""
