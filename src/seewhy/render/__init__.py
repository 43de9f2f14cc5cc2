"""From numbers to pictures and words."""
