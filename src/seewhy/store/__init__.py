"""Explanations on disk."""
