"""Captum's noise tunnel: any of these methods on noisy copies."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...domain.ranges import whole
from ...errors import BadOption
from ..asking import refuse
from .attribution import limit_of


class NoiseTunnel:
    """Another method of this module on noisy copies; `smooth-grad` does it with error bars."""

    def __init__(self, attribution_method: Any) -> None:
        self.attribution_method = attribution_method

    def attribute(
        self,
        inputs: Tensor,
        nt_type: str = "smoothgrad",
        nt_samples: int = 5,
        nt_samples_batch_size: int | None = None,
        stdevs: float = 1.0,
        draw_baseline_from_distrib: bool = False,
        **kwargs: Any,  # of the method inside, as Captum hands them on
    ) -> Tensor:
        """Mean, mean square or variance over copies with noise of this standard deviation; always the same noise."""
        whole("nt_samples", nt_samples)
        limit_of(nt_samples_batch_size)  # one copy is asked at a time: no batch is larger
        refuse("draw_baseline_from_distrib", draw_baseline_from_distrib, "give one baseline.", neutral=False)
        refuse(
            "return_convergence_delta", kwargs.pop("return_convergence_delta", False), "leave it out.", neutral=False
        )
        generator = torch.Generator().manual_seed(0)
        total, squares = torch.zeros_like(inputs), torch.zeros_like(inputs)
        for _ in range(nt_samples):
            noise = torch.randn(inputs.shape, generator=generator).to(inputs) * stdevs
            found = self.attribution_method.attribute(inputs + noise, **kwargs)
            total, squares = total + found / nt_samples, squares + found**2 / nt_samples
        answers = {"smoothgrad": total, "smoothgrad_sq": squares, "vargrad": squares - total**2}
        if nt_type not in answers:
            raise BadOption(f"nt_type={nt_type!r} is not possible.", fix=f"give one of: {', '.join(answers)}.")
        return answers[nt_type]
