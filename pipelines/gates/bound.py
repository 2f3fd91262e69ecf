"""Whether a measurement keeps a bound: by its point, or by its whole interval."""

from typing import Literal

from pipelines.gates.gate import Judged, Verdict
from pipelines.metrics import Measured


def hold(
    measured: Measured, asked: Literal["at least", "at most"], bound: float, judged_by: Judged
) -> tuple[Verdict, str]:
    """The verdict, and what was asked in words; cannot_tell only by interval: without one, or with the bound inside."""
    words = f"{asked} {bound:g} is asked"
    sign = 1 if asked == "at least" else -1
    if judged_by == "point":
        return ("pass" if sign * (measured.value - bound) >= 0 else "fail"), words
    words += " of the whole interval"
    if measured.low is None or measured.high is None:
        return "cannot_tell", f"{words}, and there is none: too few days"
    worst, best = (measured.low, measured.high) if asked == "at least" else (measured.high, measured.low)
    if sign * (worst - bound) >= 0:
        return "pass", words
    return ("fail" if sign * (best - bound) < 0 else "cannot_tell"), words
