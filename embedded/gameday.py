"""A game day: something breaks at random while every server stays healthy, and somebody has to be told.

It runs on a backup that is restored into a stack that is thrown away: nothing that is live is touched.
"""

import argparse
import os
import random

from embedded import drill, recovery
from embedded.home import Home
from pipelines.drift.report import DriftReport
from pipelines.errors import CallerError
from pipelines.interval import partition_interval
from pipelines.layout import drift_report, predictions_table
from pipelines.registry import Registry
from pipelines.spec import find_dataset, find_model
from pipelines.store import Store
from recovery.__main__ import chosen
from recovery.faults import FAULTS, Fault, Ground
from recovery.restoration import restore
from recovery.vault import open_vault


def run(home: Home, arguments: list[str]) -> int:
    """Break one thing and say who noticed; 1 where nobody did."""
    options = parser().parse_args(arguments)
    os.umask(0o022)
    vault = open_vault(options.at or recovery.default_target(home))
    manifest = chosen(vault, options.backup)
    with drill.thrown_away() as copy:
        with recovery.databases(copy):
            restore(recovery.places(copy), vault, manifest, say=lambda line: None)
        with drill.servers(copy) as environment:
            ground = ground_of(copy, environment, options.model)
            name = options.fault or random.Random(options.seed).choice(sorted(FAULTS))
            print(f"seed {options.seed}: {name}, {FAULTS[name].summary}, in {ground.part}", flush=True)
            return play(ground, FAULTS[name], environment)


def ground_of(copy: Home, environment: dict[str, str], model: str) -> Ground:
    """The newest scored partition of the copy. Raises CallerError where none was scored."""
    # What breaks it reads and writes the copy's own Feast, as its commands do.
    os.environ.update({name: environment[name] for name in environment if name.startswith("TRAINYARD_")})
    store, spec = Store(str(copy.store)), find_model(model)
    dataset, parts = find_dataset(spec.dataset), store.parts(predictions_table(model))
    if not parts:
        raise CallerError(f"{model}: no partition was scored, so there is nothing to break. Run the demo first")
    before = parts[-2] if len(parts) > 1 else _part_before(store, dataset.name, parts[-1])
    interval = partition_interval(parts[-1], dataset.partition)
    return Ground(store, Registry(environment["MLFLOW_TRACKING_URI"]), spec, dataset, parts[-1], interval, before)


def _part_before(store: Store, dataset: str, part: str) -> str | None:
    made = [one for one in store.list_files(f"features/{dataset}/_manifests", ".json") if one < part]
    return made[-1] if made else None


def play(ground: Ground, fault: Fault, environment: dict[str, str]) -> int:
    """Strike, run what would run next, and ask whoever watches; 1 where nobody noticed."""
    if not fault.strike(ground):
        print("it cannot be done here: there is no other version or partition yet")
        return 0
    noticed: dict[str, str] = {}
    for step in fault.then:
        code, told = _step(ground, step, environment)
        print(f"  {step:<13} exit {code}  {_last(told)}", flush=True)
        if code:
            noticed["contract" if step == "validate" else "monitor"] = _last(told)
            break
    else:
        noticed |= _watchers(ground, fault, environment)
    for who, what in noticed.items():
        print(f"  {who}: {what}")
    right = fault.told_by & noticed.keys()
    print(f"noticed by {', '.join(sorted(right))}" if right else "NOBODY NOTICED")
    return 0 if right else 1


def _step(ground: Ground, step: str, environment: dict[str, str]) -> tuple[int, str]:
    model = step in ("predict", "detect_drift")
    subject = ["--model", ground.model.name] if model else ["--dataset", ground.dataset.name]
    span = ["--start", f"{ground.interval.start:%F}", "--end", f"{ground.interval.end:%F}"]
    return drill.ask(environment, step, *subject, *span)


def _watchers(ground: Ground, fault: Fault, environment: dict[str, str]) -> dict[str, str]:
    """Who says what of the state that the fault left, where all steps went through."""
    noticed = {}
    path = drift_report(ground.model.name, ground.part)
    if "detect_drift" in fault.then and ground.store.exists(path):
        report = DriftReport.from_json(ground.store.read_file(path))
        if report.severity in ("warning", "critical"):
            noticed["monitor"] = f"{report.severity}: {report.attribution.sentence}"
    if "registry" in fault.told_by:
        code, told = drill.ask(environment, "registry", "check", ground.model.name)
        noticed |= {"registry": told.strip().splitlines()[0]} if code else {}
    if "trace" in fault.told_by:
        key = next(iter(ground.rows(predictions_table(ground.model.name)).slice(0, 1).to_pylist()[0].values()))
        told = drill.ask(environment, "trace", ground.model.name, "--prediction", str(key))[1]
        noticed |= {"trace": "the prediction is superseded"} if "superseded" in told else {}
    return noticed


def _last(told: str) -> str:
    lines = told.strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m embedded gameday", description=__doc__)
    made.add_argument("command", choices=["gameday"])
    made.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of the choice")
    made.add_argument("--fault", choices=sorted(FAULTS), help="this one, not one at random")
    made.add_argument("--at", metavar="URI", help="where the backups lie")
    made.add_argument("--backup", metavar="NAME", help="as `list` names it; the newest one if left out")
    made.add_argument("--model", default="flight_delay")
    return made
