"""Which method finds the event? Judged on clips whose cause is known, in time and in space, beside controls."""

import sys
from pathlib import Path

import seewhy
from seewhy.testing.clips import dataset, trained

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
METHODS = ["grad-cam", "integrated-gradients", "temporal-occlusion"]

found = dataset("event", 9, seed=7, split="test")
kept = [i for i, label in enumerate(found.labels) if found.task.classes[label] != "nothing"]  # absence has no place
clips, masks = found.clips[kept], [found.stories[i].truth(32).mask for i in kept]

card = seewhy.report_card(
    trained(task="event").network, clips, METHODS, masks=masks, level="quick", preprocess=seewhy.Preprocess.plain()
)
print(card)
for name in card.methods:
    time, space = card.interval(name, "gain in time"), card.interval(name, "gain in space")
    hit = card.interval(name, "temporal pointing")
    print(f"{name:22} gain in time {time.value:5.2f}, in space {space.value:5.2f}; peak in the event: {hit.value:4.0%}")
print("wrote", card.save(out) / "report_card.html")
