import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evidently.core.report import Snapshot

from pipelines.drift.page import MOST_BYTES, Page, draw
from pipelines.drift.report import Attribution, DriftReport, Labels, Moved
from pipelines.drift.samples import CATEGORIES, OTHERS, drawable, sample_window
from pipelines.training_set import Rows
from tests.pipelines.drift.made_windows import made_reference, made_rows, made_window, spec_with

SPEC = spec_with(sample_rows=120)
MOVED = [Moved("distance_mi", "input/psi/distance_mi", 0.2)]


def report(sentence: str = "Nothing is beyond its threshold.") -> DriftReport:
    attribution = Attribution("none", "", MOVED, [], sentence)
    labels = Labels(600, 600, 0, True)
    return DriftReport(
        "flight_delay", "2013-04", "2013-05-01T00:00:00+00:00", 3, "warning", "ok", [], labels, 0.2, attribution, []
    )


def drawn(rows: Rows, reference: Rows | None = None, sentence: str = "All is well.") -> Page:
    return draw(SPEC, made_reference(reference), made_window(rows), report(sentence))


def metrics(page: Page) -> list[str]:
    return [one["metric_name"] for one in Snapshot.loads(page.snapshot.decode()).dict()["metrics"]]


def test_the_page_draws_inputs_predictions_and_quality_and_says_that_it_is_a_sample():
    page = drawn(made_rows(), sentence="UA & <b>others</b>")
    text = page.html.decode()
    assert "120 of the window's 600 rows beside 120 of the reference's 1,800" in text
    assert "quality from 120 of 600 labelled rows" in text
    assert "UA &amp; &lt;b&gt;others&lt;/b&gt;" in text
    assert len(page.html) < MOST_BYTES
    names = "\n".join(metrics(page))
    assert all(part in names for part in ("column=distance_mi", "column=origin", "column=score", "RocAuc"))
    assert names.index("column=distance_mi") < names.index("column=origin")


def test_the_page_opens_offline():
    loaded = re.findall(
        r"""<(?:script|link|img)[^>]+(?:src|href)=["'](https?:[^"']+)""", drawn(made_rows()).html.decode()
    )
    assert loaded == []


def test_the_same_window_draws_the_same_sample():
    one, other = (sample_window(made_window(made_rows(5000)), 100) for _ in range(2))
    pd.testing.assert_frame_equal(one.inputs, other.inputs)
    assert one.inputs["distance_mi"].iloc[-1] == made_rows(5000).features["distance_mi"].iloc[-1]


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("distance_mi", np.nan, "distance_mi (no value in the window)"),
        ("distance_mi", "far", "distance_mi (no value in the window)"),
        ("distance_mi", np.inf, "distance_mi (no value in the window)"),
        ("distance_mi", 7.0, None),
        ("origin", None, "origin (no value in the window)"),
        ("origin", "EWR", None),
    ],
)
def test_what_evidently_trips_over_is_drawn_or_named(column, values, said):
    rows = made_rows(200)
    page = drawn(replace(rows, features=rows.features.assign(**{column: values})))
    assert ("Not drawn" in page.html.decode()) is (said is not None)
    assert said is None or said in page.html.decode()
    assert (f"column={column}" in "\n".join(metrics(page))) is (said is None)


def test_a_missing_column_is_named():
    rows = made_rows(200)
    page = drawn(replace(rows, features=rows.features[["origin"]]))
    assert "distance_mi (missing in the window)" in page.html.decode()


@pytest.mark.parametrize("labels", [np.zeros(200), np.full(200, np.nan), np.where(np.arange(200) < 9, 1.0, np.nan)])
def test_without_labels_of_both_classes_predictions_are_drawn_and_no_quality(labels):
    names = "\n".join(metrics(drawn(replace(made_rows(200), label=labels))))
    assert "column=score" in names and "RocAuc" not in names


def test_scores_that_are_no_numbers_are_left_out():
    window = made_window(made_rows(200), np.where(np.arange(200) % 2, np.nan, 0.3))
    assert (sample_window(window, 500).scores["score"] == 0.3).all()
    assert sample_window(window, 500).of_labelled == 100


def test_a_window_of_nothing_but_nulls_still_has_a_page():
    rows = made_rows(200)
    empty = replace(rows, features=rows.features.assign(distance_mi=np.nan, origin=None), label=np.full(200, np.nan))
    page = draw(SPEC, made_reference(), made_window(empty, np.full(200, np.nan)), report())
    assert metrics(page) == [] and b"origin (no value in the window)" in page.html


def test_infinities_and_text_among_numbers_are_nulls():
    now = pd.DataFrame({"distance_mi": [1.0, np.inf, "2", "far"]})
    _, shown, left_out = drawable(pd.DataFrame({"distance_mi": [1.0, 2.0]}), now, [])
    assert left_out == []
    assert shown["distance_mi"].tolist()[::2] == [1.0, 2.0] and shown["distance_mi"].isna().sum() == 2


def test_a_hundred_thousand_categories_share_one_but_for_the_most_frequent():
    many = pd.DataFrame({"code": [f"{n}" for n in range(100_000)]})
    _, shown, _ = drawable(many, many, ["code"])
    assert shown["code"].nunique() == CATEGORIES + 1
    assert (shown["code"] == OTHERS).sum() == 100_000 - CATEGORIES
