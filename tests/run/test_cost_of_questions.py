"""What `cost` tells about models that do not classify: the calls that finding out the question takes are in it."""

import pytest
import torch
from torch import nn

import seewhy
from seewhy.domain.cost import Cost

PLAIN = seewhy.Preprocess.plain()
IMAGES = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
HOW = {"occlusion": {"window": 8, "stride": 8}, "saliency": {}, "rise": {"samples": 20, "tolerance": 0.0}}


class Counting(nn.Module):
    """Counts the images that it is asked about; a subclass answers."""

    def __init__(self):
        super().__init__()
        self.features, self.asked = nn.Conv2d(3, 3, 1), 0

    def forward(self, images):
        self.asked += len(images)
        return self.answer(self.features(images))


class Finds(Counting):
    def answer(self, images):
        box, label = torch.tensor([[0.0, 0.0, 8.0, 16.0]]), torch.tensor([1])
        return [{"boxes": box, "labels": label, "scores": image.mean().sigmoid()[None]} for image in images]


class Calls(Counting):
    def answer(self, images):
        return images


class Embeds(Counting):
    def answer(self, images):
        return images.mean(dim=(2, 3))


ASKED = {
    "detection": (Finds, seewhy.Box(0, 0, 8, 8, label=1), 1),
    "the strongest detection": (Finds, None, 1),
    "segmentation": (Calls, seewhy.Segment(1, mask=torch.ones(16, 16, dtype=torch.bool)), 1),
    "a segmenter by a function": (Calls, lambda rows: rows[:, 1], 1),
    "embedding": (Embeds, seewhy.Similar(IMAGES[2]), 1),
    "an embedding in numbers": (Embeds, seewhy.Similar([1.0, 2.0, 3.0]), 0),
    "an embedding by a function": (Embeds, lambda rows: rows[:, 1], 0),
}
TASKS = {Finds: "detection", Calls: "segmentation", Embeds: "embedding"}


def adapted(kind):
    """The model, and its network with the dry run behind it."""
    torch.manual_seed(0)
    network = kind()
    model = seewhy.adapt(network, task=TASKS[kind], preprocess=PLAIN)
    model.meet((3, 16, 16))
    _ = model.layout
    network.asked = 0
    return model, network


@pytest.mark.parametrize("method", HOW)
@pytest.mark.parametrize("name", ASKED)
def test_the_cost_told_before_is_the_cost_paid_and_the_number_of_calls_made(name, method):
    kind, target, first = ASKED[name]
    model, network = adapted(kind)
    how = {"method": method, "target": target, **HOW[method]}
    told = seewhy.cost(model, IMAGES[0], **how)
    assert network.asked == 0
    paid = seewhy.explain(model, IMAGES[0], checks="quick", backend="plain", **how).cost
    assert told.methods == {method: paid}
    assert told.total == paid
    assert network.asked == paid.forward
    classifier = seewhy.adapt(Embeds(), preprocess=PLAIN)
    assert told.total == seewhy.cost(classifier, IMAGES[0], method=method, **HOW[method]).total + Cost(first)


def test_each_target_of_each_input_is_counted_with_its_own_question():
    model, network = adapted(Embeds)
    targets = [[seewhy.Similar(IMAGES[2]), seewhy.Similar([1.0, 2.0, 3.0])], [seewhy.Similar(IMAGES[1])]]
    how = {"method": "occlusion", "target": targets, **HOW["occlusion"]}
    told = seewhy.cost(model, IMAGES[:2], **how)
    found = seewhy.explain(model, IMAGES[:2], checks="quick", backend="plain", **how)
    assert told.total == found.cost
    assert told.total.forward == network.asked == 3 * (1 + 1 + 4) + 2


def test_several_targets_of_a_classifier_are_counted():
    classifier = seewhy.adapt(Embeds(), preprocess=PLAIN)
    how = {"method": "occlusion", **HOW["occlusion"]}
    assert seewhy.cost(classifier, IMAGES[0], target=[0, 1], **how).total.forward == 2 * (1 + 1 + 4)


def test_progress_counts_the_calls_of_the_question():
    model, _ = adapted(Finds)
    seen = []
    seewhy.explain(
        model, IMAGES[0], method="occlusion", checks="quick", backend="plain", **HOW["occlusion"],
        progress=lambda done, expected: seen.append((done, expected)),
    )  # fmt: skip
    assert seen[-1] == (7, 7)
