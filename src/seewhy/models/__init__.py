"""Adapters: every kind of model behind one small interface."""
