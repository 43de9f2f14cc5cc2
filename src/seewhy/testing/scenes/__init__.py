"""Rendered pictures whose cause is known: birds and shapes made of parts, and small networks that learn them."""

from .rules import RULES, Rule
from .sampling import Rendered, dataset
from .scene import Drawn, Scene
from .subjects import Look
from .surroundings import Background
from .training import Trained, trained

__all__ = ["RULES", "Background", "Drawn", "Look", "Rendered", "Rule", "Scene", "Trained", "dataset", "trained"]
