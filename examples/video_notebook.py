"""A notebook in a file: open it in an editor that runs `# %%` cells, or run it as it is."""

# %% [markdown]
# A network that has seen discs turn into rings and crosses for a moment, and a clip in which that happens.

# %%
import builtins

import seewhy
from seewhy.testing.clips import story_at, trained

learned, story = trained(task="event"), story_at(1, 1, task="event", split="test")
clip = story.render(32)
wants = {"preprocess": seewhy.Preprocess.plain(), "labels": learned.task.classes}


def show(explanation):
    """Inline in a notebook; as words where there is none."""
    if hasattr(builtins, "__IPYTHON__"):
        from IPython.display import display

        display(explanation)
    else:
        print(explanation.summary())


# %% Which moment? Strip, curve, words and checks.
(moments,) = seewhy.explain(learned.network, clip[None], method="temporal-occlusion", **wants)
show(moments)

# %% The strongest frames beside the truth that the generator knows.
strongest = sorted(int(moment.begin) for moment in moments.moments()[:3])
print("strongest frames:", strongest, "the event:", story.truth(32).frames.nonzero()[:, 0].tolist())

# %% Which place? A map in space and time, as a strip of its strongest frames.
(places,) = seewhy.explain(learned.network, clip[None], method="grad-cam", **wants)
show(places)
places.filmstrip()

# %% Would the model say the same without motion?
print(seewhy.motion(learned.network, clip, labels=learned.task.classes))
