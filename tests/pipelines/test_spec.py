import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines.errors import SpecError
from pipelines.features import declared_views, select
from pipelines.report.specs import check, write_feature_tables, write_schemas
from pipelines.spec import DATASETS, MODELS, find_dataset, find_model, load_datasets, load_models

REPOSITORY = Path(__file__).resolve().parents[2]
MODEL = (MODELS / "flight_delay.toml").read_text()
REGRESSION = (MODELS / "arrival_minutes.toml").read_text()
DATASET = (DATASETS / "flights" / "dataset.toml").read_text()


def error_of_model(folder: Path, text: str) -> str:
    (folder / "flight_delay.toml").write_text(text)
    with pytest.raises(SpecError) as raised:
        load_models(folder)
    return str(raised.value)


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) >= 1, f"the shipped spec has no {old!r} any more"
    return text.replace(old, new, 1)


def test_what_ships_loads_and_is_checked():
    assert set(load_models()) == {"flight_delay", "arrival_minutes"}
    assert set(load_datasets()) == {"flights"}
    assert "flight_delay" in check() and "arrival_minutes" in check()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "max_depth = 5",
            "max_dept = 5",
            "unknown key 'training.parameters.max_dept' (got 5); allowed here: … max_depth",
        ),
        ('owner = "f', 'ownr = "f', "unknown key 'ownr' (got 'flight-operations'); allowed here: … owner"),
        (
            "at_most = 0.25",
            "at_mots = 0.25",
            "gates[1].at_mots' (got 0.25); allowed here: at_most, … judged_by, kind, metric",
        ),
        (
            'train = "0 0 1 * *"',
            'train = "0 0 * *"',
            "schedule.train must be a cron expression of five fields … (got '0 0 * *')",
        ),
        ('train = "0 0 1 * *"', 'train = "@monthly"', "schedule.train must be a cron expression … (got '@monthly')"),
        (
            'train = "0 0 1 * *"',
            'train = "0 25 1 * *"',
            "schedule.train must be a cron expression … (got '0 25 1 * *')",
        ),
        ('estimator = "xgboost"', 'estimator = "xgbost"', "training.estimator must be 'xgboost' (got 'xgbost')"),
        (
            'metric = "auc"',
            'metric = "mae"',
            "gates[0].metric must be one of auc, pr_auc, … for classification (got mae)",
        ),
        ("not_worse_by = 0.015", "not_worse_by = -0.01", "gates[3].not_worse_by must be greater than 0 (got -0.01)"),
        ("max_rounds = 300", 'max_rounds = "300"', "training.max_rounds must be a valid integer (got '300')"),
        ("seed = 13", "seed = 13.5", "training.seed must be a valid integer (got 13.5)"),
        ("seed = 13", "seed = true", "training.seed must be a valid integer (got True)"),
        ('owner = "flight-operations"', "owner = 3", "owner must be a valid string (got 3)"),
        (
            'kind = "floor"',
            'kind = "flor"',
            "gates[0] … 'floor', 'ceiling', … 'versus_champion', 'versus_baseline' … flor",
        ),
        (
            'baseline = "majority"',
            'baseline = "mean"',
            "training.baselines must be of majority, … for classification (got mean)",
        ),
        ('task = "classification"', 'task = "regression"', "at_least must be … left out for regression"),
        ("critical_loss = 0.05", "critical_loss = 0.01", "critical_loss must be at least warning_loss"),
        ('name = "flight_delay"', 'name = "Flight Delay"', "name must … (got 'Flight Delay')"),
        ('dataset = "flights"', 'dataset = "fligths"', "dataset 'fligths' is not declared; declared: flights"),
        ('owner = "flight-operations"\n', "", "owner is required"),
    ],
)
def test_an_error_names_file_key_value_and_what_is_allowed(tmp_path, old, new, expected):
    message = error_of_model(tmp_path, changed(MODEL, old, new))
    assert str(tmp_path / "flight_delay.toml") in message
    for words in expected.split(" … "):
        assert words in message


@pytest.mark.parametrize(
    ("monitor", "retrain", "told"),
    [
        (
            "0 0 1 * *",
            'champion_age = "P1D"\ncooldown_days = 0',
            "(P1D) … about 12 times a year, … above 31 days",
        ),
        ("0 0 1 * *", 'champion_age = "P30D"\ncooldown_days = 20', "about 11 times a year, in 12 runs"),
        ("0 0 * * *", 'champion_age = "PT6H"\ncooldown_days = 0', "(PT6H) … about 365 times a year"),
        ("*/5 * * * *", 'champion_age = "PT5M"\ncooldown_days = 0', "about 105120 times a year, in 105120 runs"),
    ],
)
def test_a_policy_that_would_retrain_each_run_is_refused_with_the_count(tmp_path, monitor, retrain, told):
    text = changed(MODEL, 'monitor = "0 0 1 * *"', f'monitor = "{monitor}"')
    error = error_of_model(tmp_path, changed(text, "cooldown_days = 20", retrain))
    assert re.search(".*".join(map(re.escape, told.split(" … "))), error), error


@pytest.mark.parametrize(
    "retrain",
    [
        'champion_age = "P60D"\ncooldown_days = 0',
        'champion_age = "P1D"\ncooldown_days = 40',
        'champion_age = "P31D"',
        "cooldown_days = 0",
    ],
)
def test_a_policy_that_something_holds_back_is_taken(tmp_path, retrain):
    (tmp_path / "flight_delay.toml").write_text(changed(MODEL, "cooldown_days = 20", retrain))
    assert load_models(tmp_path)


def test_a_budget_holds_an_age_back(tmp_path):
    daily = changed(MODEL, 'monitor = "0 0 1 * *"', 'monitor = "0 0 * * *"')
    budget = 'champion_age = "P1D"\ncooldown_days = 0\nretrains_per_month = 2'
    (tmp_path / "flight_delay.toml").write_text(changed(daily, "cooldown_days = 20", budget))
    assert load_models(tmp_path)


def test_a_gate_on_a_baseline_that_is_not_fitted_is_refused(tmp_path):
    text = changed(MODEL, 'baselines = ["majority", "logistic_regression"]', 'baselines = ["logistic_regression"]')
    assert "gates compare with baseline majority: add it to training.baselines" in error_of_model(tmp_path, text)


def test_every_error_of_a_file_is_told_at_once(tmp_path):
    text = changed(changed(MODEL, "seed = 13", "seed = -1"), "eta = 0.06", "eta = 2.0")
    message = error_of_model(tmp_path, text)
    assert "training.seed must be" in message and "training.parameters.eta must be" in message


def test_broken_toml_names_file_and_line(tmp_path):
    message = error_of_model(tmp_path, MODEL + "\n[[gates\n")
    assert re.search(r"flight_delay\.toml: is not TOML: .*line \d+", message)


def test_toml_in_another_encoding_names_the_file(tmp_path):
    (tmp_path / "bad.toml").write_bytes('name = "é"'.encode("latin-1"))
    with pytest.raises(SpecError, match=r"bad\.toml: is not TOML: .*utf-8"):
        load_models(tmp_path)


def test_two_models_with_one_name_name_both_files(tmp_path):
    (tmp_path / "a.toml").write_text(MODEL)
    (tmp_path / "b.toml").write_text(MODEL)
    with pytest.raises(SpecError, match=r"b\.toml: name 'flight_delay' is already taken by .*a\.toml"):
        load_models(tmp_path)


def test_a_model_that_is_not_declared_is_answered_with_those_that_are():
    with pytest.raises(SpecError, match=r"No model named 'fligt_delay'.*arrival_minutes, flight_delay"):
        find_model("fligt_delay")
    with pytest.raises(SpecError, match=r"No dataset named 'trains'.*flights"):
        find_dataset("trains")


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        ("carrier_history.carrier_late_rate_9d", "carrier_history.carrier_late_rate_28d"),
        ("carier_history", "carrier_history"),
    ],
)
def test_a_feature_that_does_not_exist_is_answered_with_those_that_do(wanted, allowed):
    with pytest.raises(SpecError, match=f"flight_delay: features has '{wanted}'.*declared: .*{allowed}"):
        select(declared_views("flights"), ["schedule", wanted], "flight_delay")


def test_specs_checks_the_features_of_every_model(tmp_path, monkeypatch):
    folder = Path(shutil.copytree(MODELS, tmp_path / "models"))
    (folder / "arrival_minutes.toml").write_text(changed(REGRESSION, '"weather"', '"wether"'))
    monkeypatch.setattr("pipelines.report.specs.load_models", lambda: load_models(folder))
    with pytest.raises(SpecError, match="arrival_minutes: features has 'wether'"):
        check()


def test_features_come_in_the_order_of_the_declarations():
    names = [f.name for f in select(declared_views("flights"), ["weather.pressure_mbar", "schedule"], "m")]
    assert names[0] == "carrier" and names[-1] == "pressure_mbar"


def test_a_dataset_that_ends_before_it_starts_is_refused(tmp_path):
    (tmp_path / "flights").mkdir()
    (tmp_path / "flights" / "dataset.toml").write_text(changed(DATASET, "end = 2014-01-01", "end = 2013-01-01"))
    with pytest.raises(SpecError, match=r"dataset\.toml: .*end \(2013-01-01\) must be after start"):
        load_datasets(tmp_path)


def test_a_spec_cannot_be_changed_once_read():
    with pytest.raises(ValidationError, match="frozen"):
        find_model("flight_delay").training.seed = 14


def test_the_published_schemas_are_those_of_the_code(tmp_path):
    write_schemas(tmp_path)
    for written in sorted(tmp_path.iterdir()):
        published = REPOSITORY / "docs" / "schema" / written.name
        remedy = "run: python -m pipelines specs --write-docs docs"
        assert published.read_text() == written.read_text(), f"docs/schema/{written.name} is stale; {remedy}"


def test_the_published_table_of_features_is_that_of_the_code(tmp_path):
    write_feature_tables(tmp_path)
    published = (REPOSITORY / "docs" / "features" / "flights.md").read_text()
    assert published == (tmp_path / "flights.md").read_text(), "stale; run: python -m pipelines specs --write-docs docs"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('kind = "floor"', 'kind = "flor"', "gates[0].kind must be one of"),
        ("at_least = 15\n", "", "target: at_least must be given for classification"),
        ('name = "flight_delay"', 'name = "Flight Delay"', "name must match ^[a-z]"),
    ],
)
def test_an_error_is_a_sentence(tmp_path, old, new, expected):
    assert f"flight_delay.toml: {expected}" in error_of_model(tmp_path, changed(MODEL, old, new))


APPROVAL = """
[approval]
required = true
approvers = ["ana"]
timeout = "PT36H"
on_timeout = "reject"
override = true
"""


def test_a_model_may_ask_a_person(tmp_path):
    (tmp_path / "flight_delay.toml").write_text(MODEL + APPROVAL)
    policy = load_models(tmp_path)["flight_delay"].approval
    assert policy.timeout == timedelta(hours=36) and policy.approvers == ["ana"] and policy.override
    assert all(model.approval is None for model in load_models().values()), "what ships must not wait for a person"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('timeout = "PT36H"', 'timeout = "2 days"', "approval.timeout must be an ISO 8601 duration … (got '2 days')"),
        ('timeout = "PT36H"', 'timeout = "PT0S"', "approval.timeout must be an ISO 8601 duration … (got 'PT0S')"),
        ('timeout = "PT36H"', 'timeout = "P1M"', "approval.timeout must be an ISO 8601 duration … (got 'P1M')"),
        ('timeout = "PT36H"', "timeout = 36", "approval.timeout must be an ISO 8601 duration … (got 36)"),
        ('on_timeout = "reject"', 'on_timeout = "retry"', "approval.on_timeout must be 'reject' or 'approve'"),
        ("required = true\n", "", "approval.required is required"),
        ('approvers = ["ana"]', 'aprovers = ["ana"]', "unknown key 'approval.aprovers' … approvers, on_timeout"),
    ],
)
def test_an_approval_that_is_wrong_is_named(tmp_path, old, new, expected):
    message = error_of_model(tmp_path, MODEL + changed(APPROVAL, old, new))
    for words in expected.split(" … "):
        assert words in message
