"""Few rows in place of many, fit for a page: evenly spaced, finite, and with few categories."""

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from pipelines.drift.windows import Reference, Window

SIDES = ("reference", "window")
CATEGORIES = 30
OTHERS = "all others"


@dataclass(frozen=True)
class Sample:
    """inputs: (n, k) of `of_rows` rows; scores: (m, 1), of all that were scored; answers: (l, 2), label and score of
    `of_labelled` labelled rows."""

    inputs: pd.DataFrame
    of_rows: int
    scores: pd.DataFrame
    answers: pd.DataFrame
    of_labelled: int


def sample_reference(reference: Reference, rows: int) -> Sample:
    answers = pd.DataFrame({"label": reference.held_out.label, "score": reference.held_out.score})
    return _sample(reference.rows.features, answers, rows)


def sample_window(window: Window, rows: int) -> Sample:
    answers = pd.DataFrame({"label": window.rows.label, "score": window.scores})
    return _sample(window.rows.features, answers, rows)


def drawable(
    reference: pd.DataFrame, current: pd.DataFrame, categories: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Both with the columns that can be drawn, and which others there are and why not.

    Infinities are nulls, text in a column of numbers is a null where it is no number, and rare categories share one.
    """
    left_out, sides = [], {}
    for name in reference:
        if name not in current:
            left_out.append(f"{name} (missing in the window)")
            continue
        clean = _categories if name in categories else _numbers
        pair = clean(reference[name], current[name])
        empty = next((whose for one, whose in zip(pair, SIDES, strict=True) if one.isna().all()), None)
        if empty:
            left_out.append(f"{name} (no value in the {empty})")
        else:
            sides[name] = pair
    frames = [pd.DataFrame({name: pair[at] for name, pair in sides.items()}) for at in (0, 1)]
    return frames[0], frames[1], left_out


def _sample(inputs: pd.DataFrame, answers: pd.DataFrame, rows: int) -> Sample:
    known = answers[np.isfinite(answers["label"]) & np.isfinite(answers["score"])]
    scores = answers.loc[np.isfinite(answers["score"]), ["score"]]
    return Sample(_spaced(inputs, rows), len(inputs), _spaced(scores, rows), _spaced(known, rows), len(known))


def _spaced(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Evenly spaced rows: the same run draws the same page."""
    at = np.unique(np.linspace(0, len(frame) - 1, min(rows, len(frame))).round().astype("int64"))
    return frame.iloc[at].reset_index(drop=True)


def _numbers(reference: pd.Series, current: pd.Series) -> tuple[pd.Series, pd.Series]:
    pair = [
        pd.to_numeric(one, errors="coerce").astype("float64").replace([np.inf, -np.inf], np.nan)
        for one in (reference, current)
    ]
    return pair[0], pair[1]


def _categories(reference: pd.Series, current: pd.Series) -> tuple[pd.Series, pd.Series]:
    # Evidently puts them into a script of its page as they are.
    pair = [
        one.astype(object).map(lambda value: escape(str(value)), na_action="ignore") for one in (reference, current)
    ]
    kept = pd.concat(pair).value_counts().index[:CATEGORIES]
    shown = [one.where(one.isna() | one.isin(kept), OTHERS) for one in pair]
    return shown[0], shown[1]
