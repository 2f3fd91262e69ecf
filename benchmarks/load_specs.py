"""A copy of the product that declares many models of the flights, all with daily partitions and daily runs.

Each model asks another question of the same flights: how likely are so many minutes of delay?
"""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.interval import Interval

ROOMS = ("benchmarks", "dags", "embedded", "feature_repo", "pipelines", "plugins", "recovery")
# Calm weeks to learn from, in which every day passes its contract: one to fit on, a month to be judged by.
FIRST_ROWS, TRAINED_FROM = datetime(2013, 6, 24, tzinfo=UTC), datetime(2013, 7, 1, tzinfo=UTC)
DUE = Interval(datetime(2013, 8, 1, tzinfo=UTC), datetime(2013, 8, 2, tzinfo=UTC))
LEAST_MINUTES, MOST_MODELS = 5, 100
BY_DAY = {'partition = "month"': 'partition = "day"', '"0 0 1 * *"': '"0 0 * * *"'}
MODEL = """\
name = "{name}"
dataset = "flights"
description = "Will this flight arrive {minutes} or more minutes late, asked two hours before its departure?"
owner = "flight-operations"
features = ["schedule", "origin_recent", "carrier_history"]

[target]
task = "classification"
column = "arr_delay_min"
at_least = {minutes}

[schedule]
starts = {trained_from:%Y-%m-%d}
train = "0 0 1 * *"
predict = "0 0 * * *"
monitor = "0 0 * * *"

[training]
estimator = "xgboost"
baselines = ["majority"]
early_stopping_days = 2
max_rounds = 30

[[gates]]
kind = "floor"
metric = "auc"
at_least = 0.5

[monitoring]
metric = "auc"
warning_loss = 0.05
critical_loss = 0.1
reference_partitions = 7
"""


def model_names(models: int) -> list[str]:
    return [f"late_{LEAST_MINUTES + number:03}" for number in range(models)]


def model_text(name: str) -> str:
    """The spec, as TOML, of a model whose name ends in its minutes."""
    return MODEL.format(name=name, minutes=int(name.rpartition("_")[2]), trained_from=TRAINED_FROM)


def days() -> list[Interval]:
    """The partitions to learn from, before the one that is due."""
    count = (DUE.start - FIRST_ROWS).days
    starts = [FIRST_ROWS + timedelta(days=day) for day in range(count)]
    return [Interval(start, start + timedelta(days=1)) for start in starts]


def copy_code(repository: Path, folder: Path, models: int) -> None:
    """The working tree's code into an empty folder, with these models in place of those that ship."""
    for room in ROOMS:
        shutil.copytree(repository / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    dataset = folder / "pipelines" / "datasets" / "flights" / "dataset.toml"
    told = dataset.read_text()
    for monthly, daily in {**BY_DAY, "start = 2013-01-01": f"start = {FIRST_ROWS:%Y-%m-%d}"}.items():
        if monthly not in told:
            raise SystemExit(f"{dataset}: {monthly!r} is not in it any more; correct {Path(__file__).name}")
        told = told.replace(monthly, daily)
    dataset.write_text(told)
    declared = folder / "pipelines" / "models"
    for shipped in declared.glob("*.toml"):
        shipped.unlink()
    for name in model_names(models):
        (declared / f"{name}.toml").write_text(model_text(name))
