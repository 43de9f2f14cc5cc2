"""An explanation in matplotlib axes, in pixels of the original photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import MissingPackage
from .colour import ramp, scale_of
from .frame import pictured
from .overlay import overlay
from .text import named

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..explanation import Explanation


def plot(explanation: Explanation, ax: Axes | None = None, *, view: str = "heat") -> Axes:
    """Draw into the axes given, or into new ones."""
    try:
        import matplotlib.pyplot as plt
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import ListedColormap, Normalize
    except ImportError as error:
        raise MissingPackage("plot() needs matplotlib.", fix="pip install 'seewhy[plot]'") from error
    axes: Axes = plt.subplots()[1] if ax is None else ax
    height, width = explanation.picture.size
    scale = scale_of(pictured(explanation, view))
    axes.imshow(np.asarray(overlay(explanation, view=view, legend=False, scale=scale)), extent=(0, width, height, 0))
    axes.set_title(f"{explanation.origin.method}: {named(explanation)}")
    axes.set_axis_off()
    if view in ("heat", "map") and scale > 0:
        colours = ListedColormap(ramp("diverging" if explanation.signed else "sequential") / 255)
        reach = Normalize(-scale if explanation.signed else 0, scale)
        words = f"against ← 0 → for ({explanation.target.scale})" if explanation.signed else "little → much"
        axes.figure.colorbar(ScalarMappable(reach, colours), ax=axes, label=words, shrink=0.8)
    return axes
