"""Small networks that have learned a rule: trained within a minute, the same every time, kept once trained."""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from ...domain.shapes import Images
from ...errors import BadOption
from ..tiny_models import seeded
from .networks import PATCH, SceneCNN, SceneViT
from .rules import RULES, Rule
from .sampling import dataset
from .subjects import one_of

Kind = Literal["cnn", "vit"]
EPOCHS = {"cnn": 5, "vit": 10}
SCENES = {"every-part": 1200, "wings": 1200, "figures": 3200}  # form alone is harder to learn than colour
RATES, BATCH, HELD_OUT = {"cnn": 0.004, "vit": 0.002}, 50, 400


@dataclass(frozen=True, eq=False)
class Trained:
    """A network in evaluation mode, the rule that it learned, and its accuracy on scenes it has not seen."""

    network: nn.Module
    rule: Rule
    accuracy: float


@dataclass(frozen=True)
class _Recipe:
    kind: Kind
    rule: str
    size: int
    seed: int
    missing: float
    masked: bool
    shortcut: str
    strength: float
    epochs: int

    def build(self) -> nn.Module:
        classes = len(RULES[self.rule].classes)
        network = seeded(lambda: SceneCNN(classes) if self.kind == "cnn" else SceneViT(classes, self.size), self.seed)
        return network.eval()

    def data(self, split: str) -> tuple[Images, Int[Tensor, " b"]]:
        """Scenes to learn from, or whole ones without a shortcut to be tested on."""
        asked = functools.partial(dataset, seed=self.seed, rule=self.rule, split=split, size=self.size)
        told = functools.partial(asked, missing=self.missing, shortcut=self.shortcut, strength=self.strength)
        found = told(SCENES[self.rule]) if split == "train" else asked(HELD_OUT)
        return found.images, found.labels

    @property
    def file(self) -> str:
        """A name that changes with the recipe, with the code that draws and trains, and with torch."""
        here = Path(__file__).parent
        code = b"".join(path.read_bytes() for path in (here.parent / "tiny_models.py", *sorted(here.glob("*.py"))))
        digest = hashlib.blake2b(repr((asdict(self), torch.__version__)).encode() + code, digest_size=8).hexdigest()
        return f"{self.kind}-{self.rule}-{digest}.pt"


def trained(
    kind: Kind = "cnn",
    *,
    rule: str = "every-part",
    size: int = 64,
    seed: int = 0,
    missing: float = 0.15,
    masked: bool = False,
    shortcut: str = "none",
    strength: float = 1.0,
    epochs: int = 0,
    folder: str | Path | None = None,
) -> Trained:
    """A network that has learned a rule; `masked`: half of its training images had random places greyed out.

    Trained once per process, and once for all processes that share a `folder`. `epochs` 0: as many as usual.
    """
    one_of(kind, EPOCHS, "kind of network")
    one_of(rule, RULES, "rule")
    if kind == "vit" and size % PATCH:
        raise BadOption(f"size={size} does not split into patches of {PATCH}.", fix=f"give a multiple of {PATCH}.")
    epochs = epochs or EPOCHS[kind]
    recipe = _Recipe(kind, rule, size, seed, missing, masked, shortcut, strength, epochs)
    state, accuracy = _learned(recipe, None if folder is None else Path(folder))
    network = recipe.build()
    network.load_state_dict(dict(state))
    return Trained(network, RULES[rule], accuracy)


@functools.cache
def _learned(recipe: _Recipe, folder: Path | None) -> tuple[Mapping[str, Tensor], float]:
    if folder is not None and (folder / recipe.file).exists():
        kept = torch.load(folder / recipe.file, weights_only=True)
        return kept["state"], kept["accuracy"]
    network = fit(
        recipe.build(),
        *recipe.data("train"),
        seed=recipe.seed,
        epochs=recipe.epochs,
        rate=RATES[recipe.kind],
        masked=recipe.masked,
    )
    state, accuracy = network.state_dict(), accuracy_of(network, *recipe.data("test"))
    if folder is not None:
        keep({"state": state, "accuracy": accuracy}, folder / recipe.file)
    return state, accuracy


def keep(found: Mapping[str, object], path: Path) -> None:
    """Written beside and moved there, so that no other process reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        torch.save(found, file)
    os.replace(file.name, path)


def fit(
    network: nn.Module,
    images: Images,
    labels: Int[Tensor, " b"],
    *,
    seed: int = 0,
    epochs: int = 5,
    rate: float = 0.004,
    masked: bool = False,
) -> nn.Module:
    """The same network, trained on one thread with random numbers of its own."""
    random = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.05)
    steps = epochs * -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.2)
    fill = images.mean(dim=(0, *range(2, images.ndim)), keepdim=True)
    network.train()
    with one_thread(), torch.enable_grad():
        for _ in range(epochs):
            for batch in torch.randperm(len(images), generator=random).split(BATCH):
                seen = _half_masked(images[batch], fill, random) if masked else images[batch]
                optimiser.zero_grad()
                functional.cross_entropy(network(seen), labels[batch]).backward()
                optimiser.step()
                schedule.step()
    network.zero_grad()
    return network.eval()


def accuracy_of(network: nn.Module, images: Images, labels: Int[Tensor, " b"]) -> float:
    """Share of the images whose largest score is at their label."""
    with one_thread(), torch.no_grad():
        found = torch.cat([network(batch).argmax(dim=1) for batch in images.split(100)])
    return float((found == labels).float().mean())


def _half_masked(images: Images, fill: Float[Tensor, "1 c *one"], random: torch.Generator) -> Images:
    """Every second image with soft random places in the mean colour; 20 to 90 % of the cells stay."""
    count = len(images) // 2
    stays = 0.2 + 0.7 * torch.rand(count, 1, 1, 1, generator=random)
    cells = (torch.rand(count, 1, 8, 8, generator=random) < stays).float()
    masks = functional.interpolate(cells, size=images.shape[2:], mode="bilinear", align_corners=False)
    hidden = images[:count] * masks + fill * (1 - masks)
    return torch.cat([hidden, images[count:]])


@contextmanager
def one_thread() -> Iterator[None]:
    """The order of additions, and with it the result, depends on how many threads share them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
