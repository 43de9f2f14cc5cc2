"""See why a vision model decided, know how far to trust the answer, and find out what to fix."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import errors

__version__ = "0.1.0"

_HOMES = {
    "actor_share": "run.actor",
    "adapt": "models.adapt",
    "conformance": "provable.suite",
    "cost": "run.cost",
    "explain": "run.explain",
    "grid_pointing": "run.grid_pointing",
    "joined_clips": "run.joined_clips",
    "motion": "run.motion",
    "overview": "run.overview",
    "report_card": "report.report_card",
    "ReportCard": "report.card",
    "segment_pairs": "run.segment_pairs",
    "what_if": "run.what_if",
    "recommend": "report.recommend",
    "Recommendation": "report.recommendation",
    "photo": "inputs.photos",
    "Clip": "inputs.clip",
    "Explanation": "explanation",
    "Pace": "inputs.pace",
    "Preprocess": "inputs.preprocess",
    **dict.fromkeys(("Box", "Contrast", "Segment", "Similar"), "domain.target"),
    "Linear": "domain.linear",
    **dict.fromkeys(("Grid", "Pixels", "Patches", "Superpixels", "Given", "Windows"), "domain.regions"),
    **dict.fromkeys(
        ("Colour", "Mean", "Blur", "Noise", "Sample", "Inpaint", "Nearest", "Dropped"),
        "domain.baseline",
    ),
    **dict.fromkeys(("Frames", "Segments", "Tubes", "Cuboids"), "domain.clip_regions"),
    **dict.fromkeys(("Supervoxels", "Moving", "Tracked"), "domain.moving_regions"),
    "Shots": "domain.shots",
    **dict.fromkeys(("Frozen", "Held", "Interpolated", "Background", "Smeared"), "domain.time_fills"),
    "Flowing": "domain.flow_fill",
    **dict.fromkeys(("Resampled", "Shorter"), "domain.whole_frames"),
    "Anytime": "domain.tolerance",
}

__all__ = ["__version__", "errors", *sorted(_HOMES)]

if TYPE_CHECKING:
    from .domain.baseline import Blur as Blur
    from .domain.baseline import Colour as Colour
    from .domain.baseline import Dropped as Dropped
    from .domain.baseline import Inpaint as Inpaint
    from .domain.baseline import Mean as Mean
    from .domain.baseline import Nearest as Nearest
    from .domain.baseline import Noise as Noise
    from .domain.baseline import Sample as Sample
    from .domain.clip_regions import Cuboids as Cuboids
    from .domain.clip_regions import Frames as Frames
    from .domain.clip_regions import Segments as Segments
    from .domain.clip_regions import Tubes as Tubes
    from .domain.flow_fill import Flowing as Flowing
    from .domain.linear import Linear as Linear
    from .domain.moving_regions import Moving as Moving
    from .domain.moving_regions import Supervoxels as Supervoxels
    from .domain.moving_regions import Tracked as Tracked
    from .domain.regions import Given as Given
    from .domain.regions import Grid as Grid
    from .domain.regions import Patches as Patches
    from .domain.regions import Pixels as Pixels
    from .domain.regions import Superpixels as Superpixels
    from .domain.regions import Windows as Windows
    from .domain.shots import Shots as Shots
    from .domain.target import Box as Box
    from .domain.target import Contrast as Contrast
    from .domain.target import Segment as Segment
    from .domain.target import Similar as Similar
    from .domain.time_fills import Background as Background
    from .domain.time_fills import Frozen as Frozen
    from .domain.time_fills import Held as Held
    from .domain.time_fills import Interpolated as Interpolated
    from .domain.time_fills import Smeared as Smeared
    from .domain.tolerance import Anytime as Anytime
    from .domain.whole_frames import Resampled as Resampled
    from .domain.whole_frames import Shorter as Shorter
    from .explanation import Explanation as Explanation
    from .inputs.clip import Clip as Clip
    from .inputs.pace import Pace as Pace
    from .inputs.photos import photo as photo
    from .inputs.preprocess import Preprocess as Preprocess
    from .models.adapt import adapt as adapt
    from .provable.suite import conformance as conformance
    from .report.card import ReportCard as ReportCard
    from .report.recommend import recommend as recommend
    from .report.recommendation import Recommendation as Recommendation
    from .report.report_card import report_card as report_card
    from .run.actor import actor_share as actor_share
    from .run.cost import cost as cost
    from .run.explain import explain as explain
    from .run.grid_pointing import grid_pointing as grid_pointing
    from .run.joined_clips import joined_clips as joined_clips
    from .run.motion import motion as motion
    from .run.overview import overview as overview
    from .run.segment_pairs import segment_pairs as segment_pairs
    from .run.what_if import what_if as what_if


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that `import seewhy` is quick and needs no torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'seewhy' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
