from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from pipelines.datasets.flights.features import WEATHER_COLUMNS
from pipelines.errors import SpecError
from pipelines.gates.columns import require_declared
from pipelines.gates.kinds.robustness import Perturbation, Robustness, Scale
from pipelines.spec import find_model
from tests.pipelines.gates.hand_written import LABEL, evidence

VALUES = np.array([9.0, 1.0, 8.0, 2.0, 7.0, 3.0])


@dataclass
class ByTemperature:
    """Scores a tenth of the temperature; 0.5 where it is missing."""

    def score(self, features: pd.DataFrame) -> np.ndarray:
        return (features["temperature_f"] / 10).fillna(0.5).to_numpy()


def judged(*perturbations: Perturbation, metric="auc"):
    gate = Robustness(kind="robustness", metric=metric, perturbations=list(perturbations))
    features = pd.DataFrame(dict.fromkeys(WEATHER_COLUMNS, VALUES))
    return gate.judge(evidence(features=features, label=LABEL, evaluated=ByTemperature()))


def halved(loss_at_most=0.1, shift_at_most=0.3):
    scale = Scale(column="temperature_f", factor=0.5)
    return Perturbation(name="half", scale=scale, loss_at_most=loss_at_most, shift_at_most=shift_at_most)


def missing(*names, loss_at_most=0.6):
    return Perturbation(name="gone", missing=list(names), loss_at_most=loss_at_most, shift_at_most=0.5)


def test_a_unit_bug_costs_no_rank_and_shows_in_the_shift():
    result = judged(halved(shift_at_most=0.2))
    assert (result.verdict, result.bound) == ("fail", 0.2) and result.value == pytest.approx(0.25)
    assert result.sentence == (
        "too much is done by half: auc loses 0.0000 (at most 0.1), predictions move by 0.2500 (at most 0.2)"
    )


def test_a_missing_feature_costs_rank():
    result = judged(missing("temperature_f", loss_at_most=0.4))
    assert (result.verdict, result.value, result.bound) == ("fail", 0.5, 0.4)


def test_a_view_is_all_of_its_features():
    lost = [judged(missing(name)).details["perturbations"]["gone"]["loss"] for name in ("weather", "temperature_f")]
    assert lost == [0.5, 0.5]
    assert judged(missing("dew_point_f")).details["perturbations"]["gone"]["loss"] == 0


def test_the_worst_is_named_and_each_has_an_entry():
    result = judged(halved(), missing("weather"))
    assert result.verdict == "pass" and result.sentence.startswith("most is done by half")
    assert set(result.details["perturbations"]) == {"half", "gone"}
    both = judged(halved(shift_at_most=0.01), missing("weather", loss_at_most=0.1))
    assert both.sentence.startswith("too much is done by half") and both.sentence.endswith("too much also by gone")


def test_where_less_is_better_a_rise_is_the_loss():
    # Squared errors of 0.9, 0.1 … are 0.0467 on average, of the halves 0.1867.
    effect = judged(halved(), metric="brier").details["perturbations"]["half"]
    assert effect["loss"] == pytest.approx(0.14)


@pytest.mark.parametrize(
    ("faults", "found"),
    [({}, "none"), ({"missing": ["weather"], "unseen_category": "carrier"}, "missing, unseen_category")],
)
def test_a_perturbation_is_one_fault(faults, found):
    with pytest.raises(ValidationError, match=rf"needs exactly one of missing, .* \(got {found}\)"):
        Perturbation(name="odd", loss_at_most=0.1, shift_at_most=0.1, **faults)


def test_names_are_unique():
    with pytest.raises(ValidationError, match=r"must have different names \(got half, half\)"):
        Robustness(kind="robustness", metric="auc", perturbations=[halved(), halved()])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"missing": ["wether"]}, "'odd' misses 'wether', which is no feature and no view; views: schedule, weather,"),
        ({"unseen_category": "distance_mi"}, "'odd' puts an unseen category into 'distance_mi', which is a number"),
        ({"scale": Scale(column="carrier")}, "'odd' computes with 'carrier', which is a category"),
        ({"scale": Scale(column="temperature_c")}, "reads the column 'temperature_c', which is not a feature of"),
    ],
)
def test_what_the_dataset_does_not_declare_is_refused(fault, words):
    odd = Perturbation(name="odd", loss_at_most=0.1, shift_at_most=0.1, **fault)
    gate = Robustness(kind="robustness", metric="auc", perturbations=[missing("weather", "carrier"), odd])
    with pytest.raises(SpecError, match=rf"flight_delay: gates\[0\], robustness, {words}"):
        require_declared(find_model("flight_delay").model_copy(update={"gates": [gate]}))
