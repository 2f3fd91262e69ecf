"""Small fits by sampled rows and columns, and ways to end them between two chunks."""

import os
import signal
from collections.abc import Callable

import numpy as np
import pytest

from pipelines import checkpoints as module
from pipelines.boosting import Grown, next_chunk
from pipelines.checkpoints import Checkpoints
from pipelines.encoding import Encoding
from pipelines.estimators import EarlyStopping, fit_rounds, stop_early
from pipelines.spec_words import Task
from pipelines.training_spec import Training, XGBoostParameters

ENCODING = Encoding(["carrier", "risk", "noise"], {"carrier": ["AA", "UA"]})
SAMPLED = XGBoostParameters(max_depth=4, subsample=0.7, colsample_bytree=0.7)
TRAINING = Training(
    estimator="xgboost", max_rounds=18, early_stopping_rounds=6, seed=3, chunk_rounds=4, parameters=SAMPLED
)
MODEL, KEY, ROUNDS = "late", "0a" * 16, 14


class Killed(BaseException):
    """What SIGKILL is to a process."""


def rows(seed: int, task: Task = "classification", count: int = 500) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    carrier, risk, noise = chance.integers(0, 2, count), chance.normal(size=count), chance.normal(size=count)
    label = carrier + risk + chance.normal(size=count)
    matrix = np.column_stack([carrier, risk, noise]).astype("float32")
    return matrix, (label > 1).astype(float) if task == "classification" else 20 * label


def refit(checkpoints: Checkpoints | None, task: Task = "classification") -> bytes:
    booster = fit_rounds(task, TRAINING, ENCODING, rows(1, task), ROUNDS, "refit", checkpoints)
    return bytes(booster.save_raw("ubj"))


def stopped(checkpoints: Checkpoints | None, task: Task = "classification") -> EarlyStopping:
    return stop_early(task, TRAINING, ENCODING, rows(1, task), rows(2, task), lambda line: None, checkpoints)


def interrupt(monkeypatch: pytest.MonkeyPatch, before_chunk: int, how: Callable[[], None]) -> None:
    """Do that before the chunk of this number, counted from 0, of the next fit; once."""
    left = iter(range(before_chunk + 1))

    def chunk(*arguments) -> Grown:
        if next(left, None) == before_chunk:
            how()
        return next_chunk(*arguments)

    monkeypatch.setattr(module, "next_chunk", chunk)


def die() -> None:
    raise Killed


def be_asked_to_end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
