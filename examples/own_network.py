"""A network of your own, trained here in seconds: does the map point at what decides?"""

import torch
from torch import Tensor, nn

import seewhy


def squares(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Noise with one square: red is class 0, blue is class 1; also where the square lies."""
    images = torch.rand(count, 3, 32, 32, generator=generator) * 0.4
    classes = torch.randint(2, (count,), generator=generator)
    corners = torch.randint(0, 24, (count, 2), generator=generator)
    for image, kind, (top, left) in zip(images, classes.tolist(), corners.tolist(), strict=True):
        image[2 * kind, top : top + 8, left : left + 8] = 1.0
    return images, classes, corners


def trained(generator: torch.Generator) -> nn.Module:
    """A small network after 150 steps of training."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(4),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 2),
    )  # fmt: skip
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(150):
        images, classes, _ = squares(32, generator)
        optimiser.zero_grad()
        nn.functional.cross_entropy(network(images), classes).backward()
        optimiser.step()
    return network.eval()


generator = torch.Generator().manual_seed(0)
network = trained(generator)
images, classes, corners = squares(8, generator)

# Tensors go to a network of your own exactly as they are; names make the output readable.
methods = ["grad-cam", "occlusion", "integrated-gradients"]
found = seewhy.explain(network, images, method=methods, labels=["red", "blue"], window=8, stride=4)
for i, method in enumerate(methods):
    hits = 0
    for row, (top, left) in zip(found, corners.tolist(), strict=True):
        heat = row[i].heatmap()
        y, x = divmod(int(heat.argmax()), heat.shape[1])
        hits += top - 2 <= y < top + 10 and left - 2 <= x < left + 10
    print(f"{method}: the peak lies on the square in {hits} of {len(images)} images")
