"""Who may import whom: the table of DESIGN.md as data."""

from dataclasses import dataclass

import pytest

from tests.architecture.code import imports, is_standard, is_within, modules, shown

CORE = ("pipelines.flow", "pipelines.errors", "pipelines.interval", "pipelines.layout")
ENVIRONMENT = "pipelines.environment"
PLACES = "pipelines.places"
CLUSTER = ("kubernetes", "urllib3")
SPECS = (
    "pipelines.spec",
    "pipelines.spec_errors",
    "pipelines.spec_words",
    "pipelines.training_spec",
    "pipelines.monitoring_spec",
    "pipelines.alerts_spec",
    "pipelines.resource_classes",
    "pipelines.retention.settings",
)
# What Airflow needs to tell people of a run: Apprise below it, no table and no model.
ALERTS = ("pipelines.alerts.channels", "pipelines.alerts.message")
LEARNING = ("mlflow", "xgboost", "sklearn", "feast", "great_expectations", "evidently", "cupy", "ibis", "duckdb")
VIEWS = ("pipelines.features", "pipelines.feature_store", "pipelines.datasets")


@dataclass(frozen=True)
class Rule:
    """Modules of `where` may import the standard library and `may` (None: anything), never `never`."""

    where: tuple[str, ...]
    never: tuple[str, ...] = ()
    may: tuple[str, ...] | None = None

    def breach(self, name: str) -> bool:
        if any(is_within(name, package) for package in self.never):
            return True
        return self.may is not None and not is_standard(name) and not any(is_within(name, p) for p in self.may)


TABLE = {
    "the product knows nothing of what runs it": Rule(
        where=("pipelines/**/*.py",),
        never=("airflow", "plugins", "dags", "embedded", "compose", "recovery", "feature_repo", "benchmarks", "tests"),
    ),
    "what DAG files read is the standard library": Rule(
        where=tuple(f"{name.replace('.', '/')}.py" for name in (*CORE, ENVIRONMENT, PLACES)), may=CORE
    ),
    "specs need their checkers only": Rule(
        where=tuple(f"{name.replace('.', '/')}.py" for name in SPECS),
        may=(*CORE, *SPECS, "pipelines.gates.gate", "pydantic", "croniter"),
    ),
    "a step never imports another": Rule(where=("pipelines/steps/*.py",), never=("pipelines.steps",)),
    "DAG files turn specs into operators": Rule(
        where=("dags/**/*.py",), may=("airflow.sdk", "plugins", "pipelines.flow", "pipelines.spec")
    ),
    "the Airflow adapter knows the steps by name only": Rule(
        where=("plugins/*.py",),
        may=(
            "airflow",
            "kubernetes",
            "urllib3",
            "fastapi",
            "plugins",
            "pipelines.spec",
            "pipelines.alerts_spec",
            "pipelines.resource_classes",
            "pipelines.retention.settings",
            *ALERTS,
            PLACES,
            ENVIRONMENT,
            *CORE,
        ),
    ),
    "the pages read the store through the inventory": Rule(
        where=("plugins/web/*.py",),
        may=(
            "airflow",
            "fastapi",
            "sqlalchemy",
            "pydantic",
            "croniter",
            "plugins",
            "pipelines.spec",
            "pipelines.inventory",
            "pipelines.store",
            "pipelines.drift.policy",
            "pipelines.retrain.freeze",
            ENVIRONMENT,
            *CORE,
        ),
    ),
    "the inventory needs nothing that trains or serves": Rule(
        where=("pipelines/inventory/*.py",),
        never=("pipelines.steps", "pipelines.candidate", "pipelines.registry", "pipelines.feature_store", *LEARNING),
    ),
    "backups know the parts of a stack by their addresses": Rule(
        where=("recovery/**/*.py",), may=("recovery", "pipelines", "pydantic", "pyarrow", "numpy")
    ),
    "the feature repository holds declared views": Rule(
        where=("feature_repo/**/*.py",), may=("feast", "feature_repo", "pipelines.spec", ENVIRONMENT, *VIEWS)
    ),
    "only people start a stack": Rule(
        where=("plugins/**/*.py", "dags/**/*.py", "feature_repo/**/*.py"), never=("embedded", "compose")
    ),
    "the one-machine stack needs no other": Rule(where=("embedded/**/*.py",), never=("compose",)),
}


@pytest.mark.parametrize("reason", TABLE)
def test_imports_follow_the_table(reason):
    rule = TABLE[reason]
    breaches = [
        f"{shown(path)} imports {name}"
        for path in modules(*rule.where)
        for name in sorted(imports(path))
        if rule.breach(name)
    ]
    allowed = f" Allowed: the standard library, {', '.join(rule.may)}." if rule.may else ""
    assert not breaches, f"{reason}: {'; '.join(breaches)}.{allowed}"


def test_the_table_finds_modules_to_watch():
    watched = {shown(path) for rule in TABLE.values() for path in modules(*rule.where)}
    assert {"pipelines/flow.py", "dags/train.py", "plugins/step_operator.py"} <= watched


@pytest.mark.parametrize(
    "reason, name",
    [
        ("the product knows nothing of what runs it", "airflow.sdk"),
        ("what DAG files read is the standard library", "pydantic"),
        ("a step never imports another", "pipelines.steps.train"),
        ("DAG files turn specs into operators", "pandas"),
        ("DAG files turn specs into operators", "pipelines.store"),
        ("the Airflow adapter knows the steps by name only", "pipelines.steps.train"),
    ],
)
def test_the_table_catches(reason, name):
    assert TABLE[reason].breach(name)
