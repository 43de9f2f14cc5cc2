"""Any explainer, put to questions whose right answers are known."""
