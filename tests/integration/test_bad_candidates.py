"""Candidates that are bad in one way each, really trained by the steps: the gate meant for it stops it, no other."""

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.candidate import read_candidate
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.examination import examine
from pipelines.gates.kinds.bounds import Floor
from pipelines.gates.kinds.contract import Contract
from pipelines.gates.kinds.leakage import Leakage
from pipelines.gates.kinds.prediction_shift import PredictionShift
from pipelines.gates.kinds.robustness import Perturbation, Robustness, Scale
from pipelines.gates.kinds.slices import Slices
from pipelines.gates.kinds.staleness import Staleness
from pipelines.interval import Interval, partition_interval
from pipelines.joined import joined_partition
from pipelines.layout import evaluation
from pipelines.registry import Registry
from pipelines.spec import ModelSpec, find_dataset, find_model
from pipelines.steps import assemble, evaluate, promote, train
from pipelines.store import Store
from tests.conftest import use_home
from tests.pipelines.months import FEBRUARY, MARCH

pytestmark = pytest.mark.slow

TRAINING = ("2013-01", "2013-02")
KELVIN = {"factor": 5 / 9, "offset": 273.15 - 160 / 9}
GATES = [
    Floor(kind="floor", metric="auc", at_least=0.55),
    Slices(kind="slices", metric="auc", columns=["origin"], not_worse_by=0.05),
    PredictionShift(kind="prediction_shift", at_most=0.1),
    Contract(kind="contract"),
    Staleness(kind="staleness", within_days=7),
    Leakage(kind="leakage", at_most=0.8),
    Robustness(
        kind="robustness",
        metric="auc",
        perturbations=[
            Perturbation(name="weather missing", missing=["weather"], loss_at_most=0.15, shift_at_most=0.3),
            Perturbation(
                name="temperature in K",
                scale=Scale(column="temperature_f", **KELVIN),
                loss_at_most=0.05,
                shift_at_most=0.01,
            ),
        ],
    ),
]


@pytest.fixture(scope="module")
def spec() -> ModelSpec:
    """The shipped recipe, learning faster and shorter, under a name of its own: the tests share one server."""
    shipped = find_model("flight_delay")
    parameters = shipped.training.parameters.model_copy(update={"eta": 0.2})
    training = shipped.training.model_copy(
        update={"max_rounds": 15, "walk_forward_windows": 1, "baselines": ["majority"], "parameters": parameters}
    )
    name = f"bad_{uuid.uuid4().hex[:8]}"
    return shipped.model_copy(update={"name": name, "training": training, "gates": GATES})


@pytest.fixture(scope="module")
def registry(mlflow_server) -> Registry:
    return Registry(mlflow_server.uri)


@pytest.fixture(scope="module")
def reign(spec, registry, joined_home, tmp_path_factory) -> Path:
    """A home whose champion was trained on sound rows as of March. Copy it, never write to it."""
    home = tmp_path_factory.mktemp("reign") / "home"
    shutil.copytree(joined_home / "store", home / "store")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_home(monkeypatch, home)
        store = Store(str(home / "store"))
        # Its rank is enough: the other bounds are set for a candidate that knows two months.
        by_rank = spec.model_copy(update={"gates": GATES[:1]})
        assert judged(by_rank, FEBRUARY, store, registry).verdict == "pass"
        promote.run(by_rank, FEBRUARY, store, registry)
    return home


@pytest.fixture
def ruled_store(reign, home) -> Store:
    """A copy of the store with the champion, that a test may change."""
    shutil.copytree(reign / "store", home / "store")
    return Store(str(home / "store"))


def tamper(store: Store, change: Callable[[pd.DataFrame], pd.DataFrame], parts=TRAINING) -> None:
    """Change the joined rows of the months, as a fault in their making would have."""
    for part in parts:
        path = joined_partition(store, find_dataset("flights"), partition_interval(part, "month")).path
        rows = store.read_parquet(path)
        store.write_parquet(path, pa.Table.from_pandas(change(rows.to_pandas()), rows.schema, preserve_index=False))


def include_the_flight_itself(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(tail_number_mean_delay_1d=rows["arr_delay_min"])


def lose_the_sign_of_one_airport(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(arr_delay_min=rows["arr_delay_min"].mask(rows["origin"] == "JFK", -rows["arr_delay_min"]))


def trained(spec: ModelSpec, interval: Interval, store: Store, registry: Registry) -> None:
    assemble.run(spec, interval, store)
    train.run(spec, interval, store, registry)


def judged(spec: ModelSpec, interval: Interval, store: Store, registry: Registry) -> Evaluation:
    trained(spec, interval, store, registry)
    version = evaluate.run(spec, interval, store, registry).figures["version"]
    return Evaluation.from_json(store.read_file(evaluation(spec.name, version)))


def stopped_by(result: Evaluation) -> list[str]:
    assert len(result.gates) == len(GATES)
    return [gate.kind for gate in result.stopped_by]


def test_a_sound_candidate_passes_every_gate(spec, ruled_store, registry):
    result = judged(spec, MARCH, ruled_store, registry)
    assert stopped_by(result) == [] and result.champion_version is not None


def test_shuffled_labels_are_stopped_by_the_floor(spec, joined_store, registry):
    random = np.random.default_rng(0)
    tamper(joined_store, lambda rows: rows.assign(arr_delay_min=random.permutation(rows["arr_delay_min"])))
    assert stopped_by(judged(spec, MARCH, joined_store, registry)) == ["floor"]


def test_a_leaked_label_is_stopped_by_the_leakage_gate(spec, joined_store, registry):
    tamper(joined_store, include_the_flight_itself, (*TRAINING, "2013-03"))
    result = judged(spec, MARCH, joined_store, registry)
    assert stopped_by(result) == ["leakage"]
    (leakage,) = result.stopped_by
    assert leakage.sentence.startswith("tail_number_mean_delay_1d (1.000) alone tells the label")


def test_stale_data_is_stopped_by_the_staleness_gate(spec, joined_store, registry):
    trained(spec, MARCH, joined_store, registry)
    made = read_candidate(joined_store, spec.name, MARCH.as_of)
    later = Interval.parse("2013-06-01", "2013-07-01")
    result = examine(spec, later, joined_store, registry, made, None)
    assert stopped_by(result) == ["staleness"]
    assert "of 2013-03-31, 91" in result.stopped_by[0].sentence


def test_a_broken_slice_is_stopped_by_the_slices_gate_and_named(spec, ruled_store, registry):
    tamper(ruled_store, lose_the_sign_of_one_airport)
    result = judged(spec, MARCH, ruled_store, registry)
    assert stopped_by(result) == ["slices"]
    assert "worst is origin=JFK" in result.stopped_by[0].sentence


def test_a_unit_bug_is_stopped_though_it_costs_no_rank(spec, ruled_store, registry):
    # Its scores move by .042 against the champion's, a sound candidate's by .038: the perturbation tells them apart.
    def in_kelvin(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(temperature_f=rows["temperature_f"] * KELVIN["factor"] + KELVIN["offset"])

    tamper(ruled_store, in_kelvin)
    result = judged(spec, MARCH, ruled_store, registry)
    assert stopped_by(result) == ["robustness"]
    assert "done by temperature in K" in result.stopped_by[0].sentence
    assert result.metrics["candidate"]["auc"].value > result.metrics["champion"]["auc"].value - 0.01


@pytest.mark.parametrize(
    ("change", "parts", "kind", "words"),
    [
        (include_the_flight_itself, (*TRAINING, "2013-03"), "leakage", "tail_number_mean_delay_1d (1.000) alone"),
        (lose_the_sign_of_one_airport, TRAINING, "slices", "worst is origin=JFK"),
    ],
)
def test_the_gates_as_shipped_stop_it_and_the_one_meant_for_it_is_among_them(
    change, parts, kind, words, spec, ruled_store, registry
):
    as_shipped = spec.model_copy(update={"gates": find_model("flight_delay").gates})
    tamper(ruled_store, change, parts)
    result = judged(as_shipped, MARCH, ruled_store, registry)
    assert result.verdict == "fail" and len(result.gates) == len(as_shipped.gates)
    (meant,) = [gate for gate in result.stopped_by if gate.kind == kind]
    assert words in meant.sentence
