import numpy as np
import pandas as pd
import pytest

from pipelines.encoding import Encoding
from pipelines.features import Feature
from pipelines.gates.perturbations import clock_shifted, scaled, unseen, without

FEATURES = pd.DataFrame(
    {"hour": [0.0, 9.0, 23.0], "temperature_f": [32.0, 212.0, np.nan], "carrier": ["UA", "AA", None]}
)


@pytest.fixture(autouse=True)
def untouched():
    """No perturbation changes the rows that it is given."""
    before = FEATURES.copy()
    yield
    pd.testing.assert_frame_equal(FEATURES, before)


def test_a_missing_feed_leaves_nulls_and_the_rest():
    rows = without(FEATURES, ["hour", "carrier"])
    assert rows["hour"].isna().all() and rows["carrier"].isna().all()
    assert rows["temperature_f"].equals(FEATURES["temperature_f"]) and list(rows) == list(FEATURES)


def test_fahrenheit_comes_as_celsius():
    assert scaled(FEATURES, "temperature_f", 5 / 9, -160 / 9)["temperature_f"].round(9).tolist()[:2] == [0.0, 100.0]


def test_a_clock_is_shifted_past_midnight():
    assert clock_shifted(FEATURES, "hour", 1)["hour"].tolist() == [1, 10, 0]
    assert clock_shifted(FEATURES, "hour", -1)["hour"].tolist() == [23, 8, 22]


def test_an_unseen_category_is_one_that_no_encoding_knows():
    rows = unseen(FEATURES, "carrier")
    encoding = Encoding.fit(FEATURES, [Feature("carrier", "code", "carrier", dtype="category")])
    assert rows["carrier"].notna().all() and np.isnan(encoding.matrix(rows)).all()
