import numpy as np
import pandas as pd
import pytest

from pipelines.encoding import Encoding
from pipelines.features import Feature

DECLARED = [Feature("carrier", "code", "carrier", dtype="category"), Feature("distance_mi", "mi", "distance")]
SEEN = pd.DataFrame({"carrier": ["UA", "AA", None, "UA"], "distance_mi": [100, 200, 300, 400]})


@pytest.fixture
def encoding() -> Encoding:
    return Encoding.fit(SEEN, DECLARED)


def test_categories_are_numbered_in_sorted_order(encoding):
    assert encoding.categories == {"carrier": ["AA", "UA"]}
    np.testing.assert_array_equal(encoding.matrix(SEEN)[:, 0], [1, 0, np.nan, 1])


def test_a_category_that_training_never_saw_is_missing(encoding):
    unseen = pd.DataFrame({"carrier": ["ZZ", "AA"], "distance_mi": [1, 2]})
    np.testing.assert_array_equal(encoding.matrix(unseen)[:, 0], [np.nan, 0])


def test_columns_keep_the_order_of_training_whatever_the_frames(encoding):
    swapped = SEEN[["distance_mi", "carrier"]].assign(extra=1)
    np.testing.assert_array_equal(encoding.matrix(swapped), encoding.matrix(SEEN))


def test_the_order_of_rows_does_not_change_the_numbers(encoding):
    assert Encoding.fit(SEEN[::-1], DECLARED) == encoding


def test_null_integers_are_not_a_number(encoding):
    holes = pd.DataFrame({"carrier": ["AA"], "distance_mi": pd.array([pd.NA], "Int32").astype("float64")})
    assert np.isnan(encoding.matrix(holes)[0, 1])


def test_types_are_in_xgboosts_words(encoding):
    assert encoding.feature_types == ["c", "q"]


def test_an_encoding_is_read_back_as_it_was_written(encoding):
    assert Encoding.from_json(encoding.to_json()) == encoding
