"""The engines by hand: take regions away, ask again, and erase the one that matters most."""

import torch

import seewhy
from seewhy.domain.target import Target
from seewhy.engine.game import Game
from seewhy.engine.probe import Probe

model = seewhy.adapt("efficientnet-lite0")
assert model.preprocess is not None
assert model.labels is not None
pixels, _ = model.preprocess(seewhy.photo("cat"))
tiger_cat = model.labels.index("tiger cat")

with model.borrowed():  # evaluation mode, parameters frozen; given back as it was
    probe = Probe(model, pixels[None], [Target(tiger_cat, "tiger cat")])
    game = Game.of(probe, 0, seewhy.Grid(4), seewhy.Blur(0.1))
    whole, empty = float(game.whole()), float(game.empty)
    without = game.without_each()
    worst = int(without.argmin())
    print(f"the whole photo: {whole:.2f}; everything blurred: {empty:.2f}")
    print(f"without region {worst}: {float(without[worst]):.2f}; model calls: {probe.control.spent}")

    present = torch.ones(1, game.players, dtype=torch.bool)
    present[0, worst] = False
    again = float(game.values(present)[0])  # remembered: no further call
    print(f"asked again: {again:.2f}; model calls: {probe.control.spent}")
