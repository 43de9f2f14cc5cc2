"""Everything that can go wrong for a user: one tree, each error with a code, a problem and a next step."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SeewhyWarning(UserWarning):
    """Something was worked around and written into the explanation."""


class SeewhyError(Exception):
    """The root of all errors that seewhy raises on purpose."""

    code = "seewhy-error"

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem, fix)
        self.problem, self.fix = problem, fix

    def __str__(self) -> str:
        return f"{self.problem}\n  fix: {self.fix}"

    def lines(self) -> str:
        """The two lines that a person sees instead of a traceback."""
        return f"{type(self).__name__} [{self.code}]: {self}"


class MissingPackage(SeewhyError, ImportError):
    """An optional package that this feature needs is not installed."""

    code = "missing-package"


# -- inputs


class InputError(SeewhyError, ValueError):
    """An image, clip or folder cannot be used."""

    code = "input-error"


class MissingInput(InputError, FileNotFoundError):
    """The path does not exist, or the folder holds no image."""

    code = "missing-input"


class UnreadableImage(InputError):
    """The file is not an image, is truncated or is empty."""

    code = "unreadable-image"


class UnreadableClip(InputError):
    """The file holds no video, is damaged, or ends before a frame that is needed."""

    code = "unreadable-clip"


class ImageTooLarge(InputError):
    """The image has more pixels than can be decoded safely."""

    code = "image-too-large"


class BadPixels(InputError):
    """The array or tensor has the wrong shape or range, or holds NaN or infinity."""

    code = "bad-pixels"


# -- models


class ModelError(SeewhyError):
    """A model cannot be used, or misbehaved."""

    code = "model-error"


class UnsupportedModel(ModelError, TypeError):
    """seewhy does not know how to ask this kind of object."""

    code = "unsupported-model"


class UnknownModel(ModelError, ValueError):
    """No model goes by this name, or its file does not exist."""

    code = "unknown-model"


class UnsafeCheckpoint(ModelError):
    """The file can run code when it is opened, or its digest is not the expected one."""

    code = "unsafe-checkpoint"


class BadCheckpoint(ModelError, ValueError):
    """The file is empty, truncated, no checkpoint at all, or its weights belong to another network."""

    code = "bad-checkpoint"


class UnknownPreprocessing(ModelError):
    """A photo was given, but how the model wants its input is not known."""

    code = "unknown-preprocessing"


class ModelFailed(ModelError, RuntimeError):
    """The model itself raised an exception."""

    code = "model-failed"


class BadModelOutput(ModelError, ValueError):
    """The model answered with the wrong shape or type, or with NaN or infinity."""

    code = "bad-model-output"


class UnknownLayer(ModelError, ValueError):
    """The model has no such layer, or the layer cannot serve as a map."""

    code = "unknown-layer"


class NoSuitableLayer(ModelError):
    """No layer of this model keeps a map of the image on the way to the answer."""

    code = "no-suitable-layer"


class NoAttention(ModelError):
    """The model has no attention over all its tokens that could be read."""

    code = "no-attention"


# -- questions


class QuestionError(SeewhyError, ValueError):
    """What was asked does not fit the model or the method."""

    code = "question-error"


class UnknownClass(QuestionError):
    """The model has no class of this name or index."""

    code = "unknown-class"


class BadTarget(QuestionError):
    """The target does not turn the model's outputs into one number per image."""

    code = "bad-target"


class UnknownMethod(QuestionError):
    """No method goes by this name."""

    code = "unknown-method"


class UnknownMetric(QuestionError):
    """No metric of that name."""

    code = "unknown-metric"


class UnknownOption(QuestionError):
    """None of the methods asked for has this option."""

    code = "unknown-option"


class BadOption(QuestionError):
    """The option exists, but this value is outside what it can be."""

    code = "bad-option"


class BadScores(QuestionError):
    """The scores of images cannot be put into a table: shape, pairing or infinity."""

    code = "bad-scores"


class BadMap(QuestionError):
    """A map cannot be judged: its shape does not fit, or it does not belong to the image."""

    code = "bad-map"


class MissingCapability(QuestionError, TypeError):
    """The method needs something that this kind of model cannot give."""

    code = "missing-capability"


class BudgetTooSmall(QuestionError):
    """The method cannot say anything within this number of model calls."""

    code = "budget-too-small"


class UnusableRecommendation(QuestionError):
    """It is missing, damaged, made for another model, or recommends nothing."""

    code = "unusable-recommendation"


class Cancelled(SeewhyError):
    """The person cancelled before anything could be said."""

    code = "cancelled"


# -- storage


class StoreError(SeewhyError):
    """A saved explanation cannot be written or read."""

    code = "store-error"


class DamagedExplanation(StoreError, ValueError):
    """A saved explanation is incomplete, was altered, or comes from a newer version."""

    code = "damaged-explanation"


def near(name: str, known: Iterable[str], *, shown: int = 3) -> str:
    """' Did you mean …?' when something close exists, otherwise nothing."""
    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=shown, cutoff=0.6)
    within = [key for key in folded if name.casefold() in key and key not in close]
    found = [folded[key] for key in [*close, *within][:shown]]
    return f" Did you mean {' or '.join(repr(match) for match in found)}?" if found else ""
