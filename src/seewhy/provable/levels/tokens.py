"""C14: a transformer in which nobody looks at half of the patches."""

from __future__ import annotations

from ...testing.tiny_models import pictures, seeded
from ..asker import Asker
from ..level import level
from ..networks import HalfMasked


@level("C14", "masked tokens", "local", least=0.99)
def masked_tokens(asker: Asker) -> float:
    """Where the attention is masked off the map shows nothing: share of its mass in the half that is looked at.

    Maps of patches are interpolated over half a patch, which is let pass.
    """
    mass = asker.maps(seeded(HalfMasked), pictures(1, 3, 24, 24), cells=6)[0].abs()
    return float(mass[:, :14].sum() / mass.sum().clamp(min=1e-12))
