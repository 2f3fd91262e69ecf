"""Make a release again from its record alone, and say what came out equal.

The features, the joins and the model are built by the product's own code, in a scratch store whose raw
tables are those of the original at the recorded versions. Nothing is written to the original or to MLflow,
which is asked only for a model whose bytes did not come out equal.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import ValidationError
from pydantic_core import to_json

from pipelines.candidate import booster_digest
from pipelines.errors import CallerError, MissingInput, Unavailable
from pipelines.estimators import Model
from pipelines.interval import parse_time
from pipelines.layout import features_manifest
from pipelines.registry import MODEL_FILE, Registry, read_model
from pipelines.release.differences import differences
from pipelines.release.provenance import capture
from pipelines.release.record import ReleaseRecord
from pipelines.release.recording import feature_definitions
from pipelines.release.replay import Replay, own_feast, reassemble, rebuild_features, require_raw_rows
from pipelines.spec import DatasetSpec, ModelSpec, Target
from pipelines.steps import train
from pipelines.store import Store
from pipelines.training_set import TrainingSet, load, split_of
from pipelines.training_spec import Training
from pipelines.walk_forward import OUTSIDE_THE_KEY, HeldOut, candidate_key, hold_out

TOLERANCE = 1e-6
Outcome = Literal["identical", "equivalent", "unproven", "different"]
REGISTERED = "registered model's predictions"
# What must be equal where the bytes are not.
EQUIVALENT = ("training set", "recipe", "rounds", "held-out predictions", REGISTERED)


@dataclass(frozen=True)
class Comparison:
    """One thing that the record names beside what was made again. equal: None where it could not be compared.
    recorded, found: digests or numbers."""

    what: str
    equal: bool | None
    recorded: str
    found: str

    def __str__(self) -> str:
        if self.equal is None:
            return f"{self.what}: not compared, {self.found}"
        told = self.found if self.equal else f"recorded {self.recorded}, now {self.found}"
        return f"{self.what}: {'equal' if self.equal else 'NOT equal'}, {told}"


@dataclass(frozen=True)
class Reproduction:
    """outcome: identical where the model's bytes are equal; equivalent where training set, recipe and rounds are, and
    the predictions of both the evaluated and the registered model are within 1e-6; unproven where all but the
    registered model's could be compared. reasons: what is other here than where it was trained, and what the store
    has lost since."""

    model: str
    version: int
    outcome: Outcome
    comparisons: list[Comparison]
    reasons: list[str]

    @property
    def sentence(self) -> str:
        name = f"{self.model} version {self.version}"
        if self.outcome == "identical":
            return f"{name} is reproduced: the model's bytes are equal"
        if self.outcome == "equivalent":
            return f"{name} is reproduced: other bytes, predictions within {TOLERANCE:g}"
        if self.outcome == "unproven":
            return f"{name} is not shown to be reproduced: other bytes, and only the evaluated model was compared"
        return f"{name} is NOT reproduced: {', '.join(c.what for c in self.comparisons if c.equal is False)} not equal"

    def to_dict(self) -> dict[str, Any]:
        return {"sentence": self.sentence, **asdict(self)}


def reproduce(store: Store, registry: Registry, release: ReleaseRecord, report: Callable[[str], None]) -> Reproduction:
    """Raises MissingInput for a recorded table version that is gone, CallerError for a spec of another time."""
    spec, dataset = recorded_specs(release)
    report(f"checking the raw rows of {release.data.first} to {release.data.last} at their recorded versions")
    require_raw_rows(store, release)
    with tempfile.TemporaryDirectory(prefix="trainyard-reproduce-") as folder, own_feast(Path(folder)):
        scratch = Replay(f"{folder}/store", store)
        rebuild_features(scratch, dataset, release, report)
        features = _compare_features(scratch, release)
        manifest = reassemble(scratch, spec, dataset, release, report)
        rows = load(scratch, spec, manifest)
        report(f"training on {len(rows.label):,} rows")
        # Baselines are no part of the model: they are only what it was held against.
        alone = spec.model_copy(update={"training": spec.training.model_copy(update={"baselines": []})})
        held_out = hold_out(alone, split_of(spec, parse_time(release.as_of)), rows)
        refitted = train.refit(spec, rows, held_out.stopped.rounds)
    comparisons = [
        features,
        *_compare_data(release, manifest),
        _equal("recipe", release.training.key, candidate_key(spec, manifest)),
        _equal("rounds", str(release.training.rounds), str(held_out.stopped.rounds)),
        _equal("model bytes", release.training.model_digest, booster_digest(refitted.booster)),
        _compare_predictions(store, release, held_out),
    ]
    if outcome(comparisons) == "unproven":
        comparisons.append(_compare_registered(registry, release, refitted, held_out))
    reasons = [*_other_here(release), *_lost_since(store, release)]
    return Reproduction(release.model, release.version, outcome(comparisons), comparisons, reasons)


def outcome(comparisons: list[Comparison]) -> Outcome:
    """By the model's bytes, else by what it was made of and by its predictions; unproven where one of these lacks."""
    equal = {comparison.what: comparison.equal for comparison in comparisons}
    if equal["model bytes"]:
        return "identical"
    asked = [equal.get(what) for what in EQUIVALENT]
    return "different" if False in asked else "unproven" if None in asked else "equivalent"


def _equal(what: str, recorded: str, found: str) -> Comparison:
    return Comparison(what, recorded == found, recorded, found)


def recorded_specs(release: ReleaseRecord) -> tuple[ModelSpec, DatasetSpec]:
    """The parts of the model's spec that make the model, and the dataset's spec.

    Gates, schedule and monitoring play no part, and may have been declared in another form then. Raises
    CallerError when the parts that do are not of this code.
    """
    spec = release.spec
    # The defaults of today are not what such a model was trained by.
    if unsaid := sorted(Training.model_fields.keys() - OUTSIDE_THE_KEY - spec["training"].keys()):
        raise _of_another_code(release, f"training says nothing of {', '.join(unsaid)}")
    try:
        made_by = ModelSpec.model_construct(
            name=spec["name"],
            dataset=spec["dataset"],
            features=spec["features"],
            target=Target.model_validate_json(to_json(spec["target"])),
            training=Training.model_validate_json(to_json(spec["training"])),
            gates=[],
        )
        return made_by, DatasetSpec.model_validate_json(to_json(release.dataset.spec))
    except ValidationError as error:
        first = error.errors()[0]
        raise _of_another_code(release, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _of_another_code(release: ReleaseRecord, why: str) -> CallerError:
    commit = release.provenance.code.commit if release.provenance else None
    return CallerError(
        f"{release.model}: the recorded spec is not one of this code ({why}). Check out the commit that trained it and "
        f"reproduce there: {commit or 'not recorded'}"
    )


def _compare_features(scratch: Store, release: ReleaseRecord) -> Comparison:
    other = []
    for one in release.data.feature_partitions:
        found = hashlib.sha256(scratch.read_file(features_manifest(release.dataset.spec["name"], one.part)))
        if found.hexdigest() != one.manifest:
            other.append(one.part)
    told = f"{len(release.data.feature_partitions)} partitions"
    return Comparison("features", not other, told, f"other in {', '.join(other)}" if other else told)


def _compare_data(release: ReleaseRecord, manifest: TrainingSet) -> list[Comparison]:
    """The training set; where it is not equal, the joined partitions that are not."""
    whole = _equal("training set", release.data.training_set, manifest.digest)
    if whole.equal:
        return [whole]
    recorded = {one.part: one.joined.digest for one in release.data.partitions}
    found = {one.part: one.digest for one in manifest.partitions}
    parts = [_equal(f"joined {part}", recorded[part], found.get(part, "none")) for part in recorded]
    return [whole, *(part for part in parts if not part.equal)]


def _compare_predictions(store: Store, release: ReleaseRecord, held_out: HeldOut) -> Comparison:
    """Of the model that never saw the newest window, on that window's rows."""
    what, path = "held-out predictions", release.training.walk_forward[0]
    kept = store.exists(path) and hashlib.sha256(store.read_file(path)).hexdigest() == release.training.scores_digest
    if not kept:
        return Comparison(what, False, release.training.scores_digest, "the recorded scores are gone or changed")
    recorded = store.read_parquet(path, ["key", "candidate"]).to_pandas()
    rows = f"{len(recorded):,} rows"
    if recorded["key"].tolist() != held_out.rows.key.tolist():
        return Comparison(what, False, rows, f"{len(held_out.rows.key):,} rows, not the same ones")
    gap = float(np.abs(recorded["candidate"].to_numpy() - held_out.scores["candidate"]).max())
    return Comparison(what, gap <= TOLERANCE, rows, f"{rows}, at most {gap:.1g} apart")


def _compare_registered(registry: Registry, release: ReleaseRecord, refitted: Model, held_out: HeldOut) -> Comparison:
    """Of the model that is served, on the rows of the newest window; not compared where MLflow does not have it."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            logged = registry.download(release.model, release.version, Path(folder))
            digest = hashlib.sha256((logged / MODEL_FILE).read_bytes()).hexdigest()
            if digest != release.training.model_digest:
                other = f"MLflow has another file, {digest}"
                return Comparison(REGISTERED, False, release.training.model_digest, other)
            registered = read_model(logged)
    except (MissingInput, Unavailable) as why:
        return Comparison(REGISTERED, None, release.training.model_digest, str(why))
    features = held_out.rows.features
    gap = float(np.abs(registered.score(features) - refitted.score(features)).max())
    rows = f"{len(features):,} rows"
    return Comparison(REGISTERED, gap <= TOLERANCE, rows, f"{rows}, at most {gap:.1g} apart")


def _other_here(release: ReleaseRecord) -> list[str]:
    """What is not as it was where the model was trained: lock, machine, libraries, code, feature definitions."""
    names = release.features.names
    definitions = feature_definitions(release.dataset.spec["name"], names).model_dump()
    now = {"provenance": capture().model_dump(), "features": definitions}
    if release.provenance is None:
        return ["the record does not say what it was trained with"]
    then = {"provenance": release.provenance.model_dump(), "features": release.features.model_dump()}
    same_code = release.provenance.code.source == now["provenance"]["code"]["source"]
    return [
        f"other {change.group}, {change}"
        for change in differences(then, now)
        # With the same source files it does not matter under which commit they stand.
        if not (same_code and change.group == "code")
    ]


def _lost_since(store: Store, release: ReleaseRecord) -> list[str]:
    """Joined files of the original that are not what was trained on any more."""
    told = []
    for one in release.data.partitions:
        path = one.joined.path
        if not store.exists(path):
            told.append(f"the store has lost {path} since")
        elif hashlib.sha256(store.read_file(path)).hexdigest() != one.joined.digest:
            told.append(f"{path} was changed in the store after the training")
    return told
