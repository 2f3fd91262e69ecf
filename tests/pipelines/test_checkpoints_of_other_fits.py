"""A checkpoint under the same key that was made of other rows, or by other code, is never gone on from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xgboost

from pipelines import boosting
from pipelines.errors import Preempted
from pipelines.estimators import fit_rounds, stop_early
from tests.pipelines.interrupted_fits import (
    ENCODING,
    ROUNDS,
    SAMPLED,
    TRAINING,
    Killed,
    be_asked_to_end,
    die,
    interrupt,
    refit,
    rows,
    stopped,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("other", ["eta", "length", "version", "build", "code"])
def test_a_checkpoint_of_another_recipe_is_refused(saved, other, monkeypatch, tmp_path, capsys):
    interrupt(monkeypatch, 3, die)
    with pytest.raises(Killed):
        refit(saved)
    training, rounds, told = TRAINING, ROUNDS, "parameters"
    if other == "eta":
        training = TRAINING.model_copy(update={"parameters": SAMPLED.model_copy(update={"eta": 0.2})})
    elif other == "length":
        rounds = 5
    elif other == "version":
        monkeypatch.setattr("xgboost.__version__", "0.1")
        told = "xgboost"
    elif other == "build":
        build = xgboost.build_info() | {"USE_CUDA": "otherwise"}
        monkeypatch.setattr("xgboost.build_info", lambda: build)
        told = "xgboost"
    else:
        changed = tmp_path / "boosting.py"
        changed.write_text(Path(boosting.__file__).read_text() + "# otherwise\n")
        monkeypatch.setattr(boosting, "__file__", str(changed))
        told = "code"
    booster = fit_rounds("classification", training, ENCODING, rows(1), rounds, "refit", saved)
    alone = fit_rounds("classification", training, ENCODING, rows(1), rounds)
    assert booster.save_raw("ubj") == alone.save_raw("ubj")
    assert f": it is of a fit with other {told}; starting over\n" in capsys.readouterr().out


OTHER_ROWS = {
    "values": lambda matrix, label: (matrix * np.float32(1.5), label),
    "a value": lambda matrix, label: (np.where(matrix == matrix[7, 2], np.nan, matrix).astype("float32"), label),
    "labels": lambda matrix, label: (matrix, 1 - label),
    "order": lambda matrix, label: (matrix[::-1], label[::-1]),
    "fewer": lambda matrix, label: (matrix[:-1], label[:-1]),
}


@pytest.mark.parametrize("other", OTHER_ROWS.values(), ids=OTHER_ROWS)
@pytest.mark.parametrize("ended", ["in its midst", "complete"])
def test_under_the_same_key_a_checkpoint_of_other_rows_is_refused_and_the_fit_starts_over(
    saved, other, ended, monkeypatch, capsys
):
    if ended == "complete":
        refit(saved)
    else:
        interrupt(monkeypatch, 0, be_asked_to_end)
        with pytest.raises(Preempted, match="refit is saved at round 4 of 14"):
            refit(saved)
    changed = other(*rows(1))
    booster = fit_rounds("classification", TRAINING, ENCODING, changed, ROUNDS, "refit", saved)
    alone = fit_rounds("classification", TRAINING, ENCODING, changed, ROUNDS)
    assert booster.save_raw("ubj") == alone.save_raw("ubj") != refit(None)
    assert ": it is of a fit with other rows; starting over\n" in capsys.readouterr().out


def test_an_encoding_by_other_columns_is_other_rows(saved, monkeypatch, capsys):
    interrupt(monkeypatch, 3, die)
    with pytest.raises(Killed):
        refit(saved)
    renamed = replace(ENCODING, columns=["carrier", "risk", "luck"])
    booster = fit_rounds("classification", TRAINING, renamed, rows(1), ROUNDS, "refit", saved)
    assert booster.feature_names == renamed.columns
    assert "it is of a fit with other rows; starting over\n" in capsys.readouterr().out


def test_early_stopping_on_another_holdout_starts_over(saved, monkeypatch):
    interrupt(monkeypatch, 0, be_asked_to_end)
    with pytest.raises(Preempted):
        stopped(saved)
    found, alone = (
        stop_early("classification", TRAINING, ENCODING, rows(1), rows(5), lambda line: None, checkpoints)
        for checkpoints in (saved, None)
    )
    assert found == alone != stopped(None)


def test_scores_of_other_rows_or_by_another_library_are_made_again(saved, monkeypatch, capsys):
    told = "it is of other rows, code or libraries; fitting majority again\n"
    assert saved.scores("majority", "0a", lambda: np.array([0.25])).tolist() == [0.25]
    assert saved.scores("majority", "0b", lambda: np.array([0.5])).tolist() == [0.5]
    assert told in capsys.readouterr().out
    monkeypatch.setattr("importlib.metadata.version", lambda distribution: "0.1")
    assert saved.scores("majority", "0b", lambda: np.array([0.75])).tolist() == [0.75]
    assert told in capsys.readouterr().out
