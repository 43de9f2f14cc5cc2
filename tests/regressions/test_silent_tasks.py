"""Answers that are no rows of classes: told what to say, never read as something else."""

import pytest
import torch
from torch import nn

import seewhy
from seewhy.errors import BadModelOutput

PLAIN = seewhy.Preprocess.plain()


class Answers(nn.Module):
    """Answers whatever a function makes of the images."""

    def __init__(self, make):
        super().__init__()
        self.make = make

    def forward(self, images):
        return self.make(images)


def boxes(images):
    return [{"boxes": torch.zeros(1, 4), "labels": torch.ones(1).long(), "scores": torch.ones(1)} for _ in images]


@pytest.mark.parametrize(("make", "task"), [(boxes, "detection"), (lambda images: {"out": images}, "segmentation")])
def test_an_answer_of_another_task_says_which_word_is_missing(make, task):
    with pytest.raises(BadModelOutput, match=f"task='{task}'"):
        seewhy.explain(seewhy.adapt(Answers(make), preprocess=PLAIN), torch.rand(3, 8, 8), method="occlusion")


def test_a_detector_that_forgets_an_image_is_refused():
    asked = seewhy.adapt(Answers(lambda images: boxes(images)[:-1]), task="detection", preprocess=PLAIN)
    with pytest.raises(BadModelOutput, match="0 lists of boxes for one image"):
        seewhy.explain(asked, torch.rand(3, 8, 8), method="occlusion")
