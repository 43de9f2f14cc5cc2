"""Motion or appearance? Three small networks, each having learned another rule, before clips whose cause is known."""

import sys
from pathlib import Path

import seewhy
from seewhy.report.motion_page import write_motion_report
from seewhy.testing.clips import dataset, trained

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
CLIPS = 4  # of each rule

print("rule        motion share  backwards  shuffled  background alone")
for task in ("shortcut", "appearance", "direction"):
    network, found = trained(task=task).network, dataset(task, CLIPS, seed=5, split="test")
    tables = []
    for story, clip in zip(found.stories, found.clips, strict=True):
        truth = story.truth(32)  # the generator knows where the actor is
        labels, boxes = found.task.classes, truth.boxes.tolist()
        tables.append(seewhy.motion(network, clip, labels=labels, masks=boxes, rounds=0))

    def part(name, tables=tables):
        """What is left of the score, above chance, on average."""
        return sum(table.part(table.row(name).score) for table in tables) / len(tables)

    share = sum(table.motion_share for table in tables) / len(tables)
    rest = "".join(f"{part(name):10.0%}" for name in ("backwards", "shuffled", "background only"))
    print(f"{task:12} {share:11.0%} {rest}")

flips = seewhy.what_if(network, clip, labels=labels, masks=boxes)
print(flips)
print("wrote", write_motion_report(out / "motion.html", table=tables[-1], flips=flips))
