import numpy as np
import pytest
import xgboost

from pipelines.encoding import Encoding
from pipelines.matrices import batches, from_batches, needs_pages, quantize

ENCODING = Encoding(["carrier", "risk", "wind"], {"carrier": ["AA", "UA", "DL"]})
NAMED = {"feature_names": ENCODING.columns, "feature_types": ENCODING.feature_types}
MAX_BIN = 32
PARAMETERS = {
    "objective": "binary:logistic",
    "eval_metric": "logloss",
    "max_depth": 4,
    "subsample": 0.7,
    "max_bin": MAX_BIN,
    "seed": 3,
}


def rows(seed: int, count: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    carrier, risk, wind = chance.integers(0, 3, count), chance.normal(size=count), chance.gamma(2, size=count)
    label = (carrier + risk + chance.normal(size=count) > 1).astype(float)
    risk[chance.random(count) < 0.1] = np.nan
    return np.column_stack([carrier, risk, wind]).astype("float32"), label


def trained(data: xgboost.DMatrix, holdout: xgboost.DMatrix) -> tuple[bytes, list[float]]:
    seen: dict[str, dict[str, list[float]]] = {}
    booster = xgboost.train(PARAMETERS, data, 15, evals=[(holdout, "holdout")], evals_result=seen, verbose_eval=False)
    return bytes(booster.save_raw("ubj")), seen["holdout"]["logloss"]


@pytest.mark.parametrize("paged", [False, True])
def test_rows_in_batches_give_the_same_model_as_rows_at_once(paged, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    whole = quantize(ENCODING, rows(1), MAX_BIN, "cpu")
    wanted = trained(whole, quantize(ENCODING, rows(2), MAX_BIN, "cpu", whole))
    data = from_batches(np, rows(1), MAX_BIN, NAMED, None, paged, batch_bytes=700 * 12)
    holdout = from_batches(np, rows(2), MAX_BIN, NAMED, data, False, batch_bytes=700 * 12)
    assert trained(data, holdout) == wanted
    assert bool(list(tmp_path.iterdir())) is paged, "a CPU's pages are files"
    del data, holdout
    assert list(tmp_path.iterdir()) == []


def test_batches_cover_every_row_once_and_hold_no_more_than_they_may():
    matrix = np.zeros((10, 3), "float32")
    assert list(batches(matrix, batch_bytes=4 * 12)) == [slice(0, 4), slice(4, 8), slice(8, 12)]
    assert list(batches(matrix, batch_bytes=1)) == [slice(row, row + 1) for row in range(10)]
    assert len(list(batches(matrix))) == 1
    assert len(list(batches(matrix[:0]))) == 1, "no rows are scored, too"


def test_pages_are_for_rows_whose_bins_would_take_more_than_half_of_a_gpus_free_memory():
    assert not needs_pages(values=100, free_bytes=400)
    assert needs_pages(values=101, free_bytes=400)
