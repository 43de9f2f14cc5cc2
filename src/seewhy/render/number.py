"""Numbers as a person reads them."""

from __future__ import annotations

import math

MINUS = "\u2212"


def number(value: float) -> str:
    """About three significant digits: 0.0312, 8.31, 1 240, 3.1e-07."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else f"{MINUS if value < 0 else ''}infinite"
    size = abs(value)
    if value == 0:
        return "0"
    if size < 1e-3 or size >= 1e6:
        text = f"{size:.2g}"
    elif size >= 999.5:  # three digits would read 1e+03
        text = f"{size:,.0f}".replace(",", "\u202f")
    else:
        text = f"{size:.3g}"
    return (MINUS if value < 0 else "") + text


def signed(value: float) -> str:
    """A number that always shows its sign."""
    return ("+" if value > 0 else "") + number(value)


def percent(share: float) -> str:
    """A share of 0 to 1 in per cent; small but present shares are not rounded away."""
    if 0 < share < 0.005:
        return "under 1%"
    if 0.995 < share < 1:
        return "over 99%"
    return f"{share * 100:.0f}%"


def probability(value: float) -> str:
    """A probability with two digits, and never a certainty that the model did not state."""
    if 0 < value < 0.005:
        return "below 0.01"
    if 0.995 <= value < 1:
        return "above 0.99"
    return f"{value:.2f}"


def duration(seconds: float) -> str:
    """A time with the precision that an estimate has."""
    for unit, length in (("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(1.0, seconds):.0f} s"
