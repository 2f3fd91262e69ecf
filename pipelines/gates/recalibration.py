"""Scores mapped to probabilities by what the holdout showed, each day by what the other days showed."""

from typing import Literal, get_args

import numpy as np

Method = Literal["isotonic", "sigmoid"]
METHODS: tuple[Method, ...] = get_args(Method)


def recalibrated(label: np.ndarray, score: np.ndarray, day: np.ndarray, method: Method) -> np.ndarray | None:
    """Cross-fitted: every second day's scores are mapped by a regression on the other days' rows.

    label: (n,) of 0 and 1; score: (n,) probabilities; day: (n,), sortable. None where a half has one
    class only. Isotonic: Zadrozny & Elkan 2002; sigmoid: Platt 1999, on the score's logit.
    """
    _, position = np.unique(day, return_inverse=True)
    odd = position % 2 == 1
    if any(len(np.unique(label[half])) < 2 for half in (odd, ~odd)):
        return None
    found = np.empty(len(score))
    for half in (odd, ~odd):
        found[half] = _mapped(label[~half], score[~half], score[half], method)
    return found


def _mapped(label: np.ndarray, score: np.ndarray, unseen: np.ndarray, method: Method) -> np.ndarray:
    """The unseen scores, (m,), by the regression of label on score, both (n,)."""
    if method == "isotonic":
        from sklearn.isotonic import IsotonicRegression

        return np.asarray(IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score, label).predict(unseen))
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=np.inf).fit(_logit(score)[:, None], label)
    return np.asarray(fitted.predict_proba(_logit(unseen)[:, None])[:, 1])


def _logit(score: np.ndarray) -> np.ndarray:
    certain = np.clip(score.astype("float64"), 1e-7, 1 - 1e-7)
    return np.asarray(np.log(certain / (1 - certain)))
