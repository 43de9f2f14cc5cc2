"""The public verbs: explain, compare, cost."""
