"""The model steps against a real MLflow: train, evaluate, promote, predict, monitor, decide."""

import json
import uuid
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.candidate import read_candidate
from pipelines.champions import Champion, champion_as_of, champions, promote
from pipelines.errors import CallerError, EmptyWindow, MissingInput, NothingToDo
from pipelines.gates.kinds.bounds import Floor
from pipelines.interval import Interval, parse_time
from pipelines.joined import joined_partition
from pipelines.layout import candidate, candidate_scores, evaluation_page
from pipelines.registry import Registry
from pipelines.served_model import load_version
from pipelines.spec import find_model
from pipelines.steps import assemble, decide_retrain, detect_drift, evaluate, predict, train
from pipelines.steps import promote as promote_step
from pipelines.training_set import stamp
from tests.pipelines.months import FEBRUARY, MARCH

pytestmark = pytest.mark.slow
# Gates that serve the candidate in a process of its own: the whole loop alone pays for it.
PROBED = ("contract", "budget")


@pytest.fixture
def spec():
    """The shipped model, few rounds of it, under a name of its own: the tests share one server."""
    shipped = find_model("flight_delay")
    training = shipped.training.model_copy(update={"max_rounds": 8, "baselines": ["majority"]})
    gates = [gate for gate in shipped.gates if gate.kind not in ("floor", *PROBED)]
    return shipped.model_copy(
        update={"name": f"delay_{uuid.uuid4().hex[:8]}", "training": training, "gates": gates}, deep=True
    )


@pytest.fixture
def registry(mlflow_server) -> Registry:
    return Registry(mlflow_server.uri)


def trained(spec, interval, store, registry):
    assemble.run(spec, interval, store)
    return train.run(spec, interval, store, registry)


def in_force(spec, interval, store, registry):
    trained(spec, interval, store, registry)
    evaluate.run(spec, interval, store, registry)
    return promote_step.run(spec, interval, store, registry)


def test_the_loop_from_rows_to_a_decision(spec, joined_store, registry):
    probed = [gate for gate in find_model("flight_delay").gates if gate.kind in PROBED]
    first = in_force(spec.model_copy(update={"gates": [*spec.gates, *probed]}), FEBRUARY, joined_store, registry)
    assert first.outcome == "version 1 is now champion from 2013-03-01"
    assert registry.client.get_model_version_by_alias(spec.name, "champion").version in ("1", 1)

    scored = predict.run(spec, MARCH, joined_store, registry)
    log = joined_store.read(f"predictions/{spec.name}", part="2013-03").to_pandas()
    assert len(log) == scored.figures["rows"] == -(-28_886 // 6), "cancelled flights are predicted too"
    assert set(log["model_version"]) == {1} and log["score"].between(0, 1).all()
    assert (log["carrier_history_at"].dropna() <= log["predict_at"][log["carrier_history_at"].notna()]).all()
    again = predict.run(spec, MARCH, joined_store, registry)
    assert again == scored, "the same champion and features commit nothing"

    report = detect_drift.run(spec, MARCH, joined_store, registry)
    assert report.figures["version"] == 1 and 0.6 < report.figures["auc"] < 0.76
    assert report.figures["labelled"] < report.figures["rows"] == len(log)
    assert "<html" in Path(report.references["page"]).read_text()
    decided = decide_retrain.run(spec, MARCH, joined_store)
    assert decided.figures["decision"] in ("retrain", "wait")
    assert decide_retrain.run(spec, MARCH, joined_store) == decided


def test_training_the_same_rows_again_finds_the_version(spec, joined_store, registry):
    first = trained(spec, FEBRUARY, joined_store, registry)
    again = train.run(spec, FEBRUARY, joined_store, registry)
    assert again.figures == first.figures and again.references == first.references
    assert "was trained on the same rows before" in again.outcome
    assert len(registry.client.search_model_versions(f"name = '{spec.name}'")) == 1


def test_a_training_killed_before_its_record_makes_no_second_version(spec, joined_store, registry):
    first = trained(spec, FEBRUARY, joined_store, registry)
    Path(joined_store.location(candidate(spec.name, stamp(FEBRUARY.as_of)))).unlink()
    again = train.run(spec, FEBRUARY, joined_store, registry)
    assert again.references["model_digest"] == first.references["model_digest"], "the same rows, the same bytes"
    assert again.figures["version"] == first.figures["version"]


def test_what_is_registered_is_loaded_as_it_was_trained(spec, joined_store, registry):
    made = trained(spec, FEBRUARY, joined_store, registry)
    model = load_version(joined_store, registry, spec.name, made.figures["version"])
    booster, encoding = model.booster, model.encoding
    assert booster.num_boosted_rounds() == made.figures["rounds"]
    assert "UA" in encoding.categories["carrier"] and encoding.columns[0] == "carrier"
    run = registry.client.get_run(made.references["run_id"])
    assert run.data.params["max_rounds"] == "8" and "candidate_auc" in run.data.metrics
    assert len(run.inputs.dataset_inputs) == 2


def test_held_out_rows_are_the_last_month_and_nothing_else(spec, joined_store, registry):
    trained(spec, MARCH, joined_store, registry)
    held_out = joined_store.read_parquet(
        candidate_scores(spec.name, read_candidate(joined_store, spec.name, MARCH.as_of).key)
    ).to_pandas()
    assert held_out["at"].min() >= parse_time("2013-03-01") and held_out["at"].max() < parse_time("2013-04-01")
    assert held_out["label"].isin([0, 1]).all() and set(held_out) >= {"candidate", "majority"}


def test_a_failing_gate_leaves_the_champion_in_force(spec, joined_store, registry):
    in_force(spec, FEBRUARY, joined_store, registry)
    strict = spec.model_copy(update={"gates": [Floor(kind="floor", metric="auc", at_least=0.99)]})
    trained(strict, MARCH, joined_store, registry)
    judged = evaluate.run(strict, MARCH, joined_store, registry)
    assert judged.figures["verdict"] == "fail" and judged.figures["champion_version"] == 1
    with pytest.raises(NothingToDo, match="fails floor on auc: it stays a candidate; the champion stays in force") as r:
        promote_step.run(strict, MARCH, joined_store, registry)
    assert r.value.exit_code == 99
    assert [champion.version for champion in champions(joined_store, spec.name)] == [1]
    assert int(registry.client.get_model_version_by_alias(spec.name, "champion").version) == 1
    assert joined_store.exists(evaluation_page(spec.name, 2))


def test_a_challenger_meets_the_champion_on_rows_that_neither_saw(spec, joined_store, registry):
    in_force(spec, FEBRUARY, joined_store, registry)
    result = in_force(spec, MARCH, joined_store, registry)
    assert result.outcome == "version 2 is now champion from 2013-04-01"
    judged, versus = against_champion(spec, joined_store)
    assert judged["champion_version"] == 1 and versus["rows"] == judged["rows"] > 4_500
    assert promote_step.run(spec, MARCH, joined_store, registry).outcome == (
        "version 2 is already champion from 2013-04-01"
    )


def against_champion(spec, store):
    """The evaluation of version 2, and its gate against the champion."""
    judged = json.loads(store.read_file(f"evaluations/{spec.name}/v2.json"))
    (versus,) = (gate for gate in judged["gates"] if gate["kind"] == "versus_champion")
    return judged, versus


def test_windows_that_both_recipes_scored_apart_are_pooled(spec, joined_store, registry):
    in_force(spec, FEBRUARY, joined_store, registry)
    other = spec.model_copy(update={"training": spec.training.model_copy(update={"seed": 7})})
    trained(other, MARCH, joined_store, registry)
    evaluate.run(other, MARCH, joined_store, registry)
    judged, versus = against_champion(spec, joined_store)
    assert versus["rows"] > judged["rows"], "February was scored by each recipe for itself"


def test_a_champion_backfilled_late_does_not_take_the_alias(spec, joined_store, registry):
    in_force(spec, MARCH, joined_store, registry)
    late = in_force(spec, FEBRUARY, joined_store, registry)
    assert late.outcome == "version 2 is now champion from 2013-03-01; version 1 is in force from 2013-04-01"
    assert int(registry.client.get_model_version_by_alias(spec.name, "champion").version) == 1
    assert champion_as_of(joined_store, spec.name, parse_time("2013-03-15")).version == 2


def test_a_candidate_of_an_older_time_is_not_held_to_a_later_champion(spec, joined_store, registry):
    in_force(spec, MARCH, joined_store, registry)
    trained(spec, FEBRUARY, joined_store, registry)
    assert evaluate.run(spec, FEBRUARY, joined_store, registry).figures["champion_version"] is None


def test_what_was_not_evaluated_is_not_promoted(spec, joined_store, registry):
    trained(spec, FEBRUARY, joined_store, registry)
    with pytest.raises(MissingInput, match=r"version 1 has no evaluation as of 2013-03-01\. Evaluate it: python -m"):
        promote_step.run(spec, FEBRUARY, joined_store, registry)
    assert champions(joined_store, spec.name) == []


def test_a_version_that_was_deleted_is_not_promoted_and_not_used(spec, joined_store, registry):
    trained(spec, FEBRUARY, joined_store, registry)
    evaluate.run(spec, FEBRUARY, joined_store, registry)
    registry.client.delete_model_version(spec.name, "1")
    with pytest.raises(MissingInput, match="version 1 is not in the registry"):
        promote_step.run(spec, FEBRUARY, joined_store, registry)
    assert champions(joined_store, spec.name) == []
    promote(joined_store, spec.name, Champion(1, "run", FEBRUARY.as_of, FEBRUARY.as_of), "digest")
    with pytest.raises(MissingInput, match="version 1 is not in the registry"):
        predict.run(spec, MARCH, joined_store, registry)


def test_steps_before_their_inputs_name_the_next_command(spec, joined_store, registry):
    with pytest.raises(MissingInput, match="no training set as of 2013-04-01"):
        train.run(spec, MARCH, joined_store, registry)
    with pytest.raises(MissingInput, match="no candidate as of 2013-04-01"):
        evaluate.run(spec, MARCH, joined_store, registry)
    with pytest.raises(
        MissingInput, match=r"no champion was in force at 2013-03-01; none was ever promoted\. Train one"
    ):
        predict.run(spec, MARCH, joined_store, registry)
    with pytest.raises(MissingInput, match=r"2013-03 was not scored\. Backfill it first"):
        detect_drift.run(spec, MARCH, joined_store, registry)
    with pytest.raises(MissingInput, match=r"2013-03 has no drift report\. Backfill it first"):
        decide_retrain.run(spec, MARCH, joined_store)


def test_a_window_without_rows_or_with_one_class_trains_nothing(spec, joined_store):
    one_class = spec.model_copy(update={"target": spec.target.model_copy(update={"at_least": 5000.0})})
    with pytest.raises(EmptyWindow, match="labels of the fit window are negative; check arr_delay_min"):
        assemble.run(one_class, FEBRUARY, joined_store)
    too_long = spec.model_copy(update={"training": spec.training.model_copy(update={"evaluation_months": 3})})
    with pytest.raises(EmptyWindow, match="the fit window has no labelled rows"):
        assemble.run(too_long, MARCH, joined_store)
    with pytest.raises(CallerError, match="2013-04 is missing or in quarantine"):
        assemble.run(spec, Interval.parse("2013-04-01", "2013-05-01"), joined_store)
    assert not joined_store.exists(f"training_sets/{spec.name}/{stamp(FEBRUARY.as_of)}.json")


def test_a_month_of_one_class_is_scored_and_has_no_quality(spec, joined_store, registry):
    in_force(spec, FEBRUARY, joined_store, registry)
    one_class = spec.model_copy(update={"target": spec.target.model_copy(update={"at_least": 5000.0})})
    predict.run(one_class, MARCH, joined_store, registry)
    report = detect_drift.run(one_class, MARCH, joined_store, registry)
    assert "auc" not in report.figures and report.figures["positive_rate"] == 0
    assert decide_retrain.run(one_class, MARCH, joined_store).figures["decision"] == "wait"


def test_an_unknown_carrier_is_scored(spec, flights, joined_store, registry):
    in_force(spec, FEBRUARY, joined_store, registry)
    path = joined_partition(joined_store, flights, MARCH).path
    rows = joined_store.read_parquet(path).to_pandas()
    rows.loc[:9, "carrier"] = "ZZ"
    joined_store.write_parquet(path, pa.Table.from_pandas(rows, preserve_index=False))
    predict.run(spec, MARCH, joined_store, registry)
    scores = joined_store.read(f"predictions/{spec.name}", part="2013-03")["score"].to_numpy()
    assert np.isfinite(scores).all() and len(scores) == len(rows)
