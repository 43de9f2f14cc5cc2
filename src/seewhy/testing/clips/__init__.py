"""Rendered clips whose cause is known in space and time, and small networks that learn them."""

from .actors import Actor
from .sampling import Filmed, dataset, story_at
from .story import Cause, Story, Truth
from .tasks import TASKS, Task
from .training import Trained, trained

__all__ = ["TASKS", "Actor", "Cause", "Filmed", "Story", "Task", "Trained", "Truth", "dataset", "story_at", "trained"]
