"""Checkpoints of a training, in the store: what is left to do after it was ended in its midst is all that is done.

A fit leaves a Booster and its manifest between two chunks. Each is written whole; the manifest comes last, has the
SHA-256 of the Booster and is named by its own. One that is not what it was is refused, and the one before it used; so
is one that other rows, code, parameters or another XGBoost made, as after a new image: its model would be half of each.
"""

import contextlib
import hashlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from pydantic import ValidationError

from pipelines import baselines, boosting, matrices
from pipelines.boosting import Fit, Grown, Matrices, next_chunk
from pipelines.environment import whole_number
from pipelines.errors import Preempted
from pipelines.layout import checkpoints_folder, fit_checkpoints
from pipelines.preemption import Grace, ends_when_asked
from pipelines.release.provenance import Cost, Meter, start_meter, versions
from pipelines.release.record import digest_of_json
from pipelines.spec import ModelSpec
from pipelines.spec_words import Strict
from pipelines.store import Store

KEPT = 2
ABANDONED_AFTER = timedelta(days=7)
# Of the baselines' scores; XGBoost, which needs none of them, tells of itself.
LIBRARIES = ("scikit-learn", "numpy", "scipy", "cupy-cuda13x")


class Manifest(Strict):
    """recipe: digest of each thing that decides the trees, by its name. chunk: of the fit, from 1. booster: SHA-256
    of the UBJSON. spent: on the whole training, up to here."""

    recipe: dict[str, str]
    rounds: int
    chunk: int
    curve: list[float]
    booster: str
    spent: Cost


class Refused(Exception):
    """A checkpoint cannot be gone on from; why."""


@dataclass(frozen=True)
class Checkpoints:
    """Of one training. key: the candidate's; every_s: least seconds between two of a fit. window: as-of time of the
    older window that they are of, if any. grace: of the pod, if it is in one."""

    store: Store
    model: str
    key: str
    every_s: int
    meter: Meter
    window: str = ""
    grace: Grace = field(default_factory=Grace)

    def follow(self, fit: Fit, rows: str, quantized: Callable[[], Matrices]) -> Grown:
        """The whole fit, from its newest checkpoint on; a complete one is not fitted again.

        rows: digest of all that the fit reads. quantized: the same, called only if there is something to fit. Raises
        Preempted on SIGTERM, after the running chunk.
        """
        recipe, name = _recipe(rows, (boosting, matrices), **fit.recipe()), self._named(fit.name)
        grown, kept = self._newest(name, recipe)
        if grown.completes(fit):
            print(f"{name} is complete in its checkpoint, {grown.rounds} rounds", flush=True)
            return grown
        if grown.rounds:
            print(f"resuming {name} at round {grown.rounds} of {fit.length} from its checkpoint", flush=True)
        with ends_when_asked() as asked:
            ready, saved_at = quantized(), time.monotonic()
            while not grown.completes(fit) and not (grown.rounds in kept and asked()):
                began = time.monotonic()
                before, grown = grown.rounds, next_chunk(fit, grown, ready)
                self.grace.watch(name, grown.rounds - before, time.monotonic() - began)
                if grown.completes(fit) or asked() or time.monotonic() - saved_at >= self.every_s:
                    kept = self._save(fit, name, recipe, grown, kept)
                    saved_at = time.monotonic()
        if asked():
            raise Preempted(
                f"{self.model}: asked to end (SIGTERM). {name} is saved at round {grown.rounds} of {fit.length} in "
                f"{fit_checkpoints(self.model, self.key, name)}; run the same step again, it goes on from there"
            )
        return grown

    def scores(self, name: str, rows: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """What `make` returns, (n,); made once for a training, however often it is interrupted.

        rows: digest of all that it reads.
        """
        folder = fit_checkpoints(self.model, self.key, self._named(name))
        recipe = digest_of_json(_recipe(rows, (baselines,), name=name, libraries=versions(LIBRARIES)))[:16]
        for named in self.store.list_files(folder, ".npy"):
            content = self.store.read_file(f"{folder}/{named}.npy")
            if named == f"{recipe}-{_sha256(content)}":
                scores: np.ndarray = np.load(io.BytesIO(content))
                return scores
            why = "it is changed" if named.startswith(recipe) else "it is of other rows, code or libraries"
            print(f"refused {folder}/{named}.npy: {why}; fitting {name} again", flush=True)
        values, sink = make(), io.BytesIO()
        np.save(sink, values)
        self.store.write_file(f"{folder}/{recipe}-{_sha256(sink.getvalue())}.npy", sink.getvalue())
        return values

    def of_window(self, as_of: str) -> "Checkpoints":
        """Those of the fits for an older window, which are part of the same training."""
        return replace(self, window=as_of)

    def clear(self) -> None:
        """Once the candidate is registered and written."""
        self.store.delete(checkpoints_folder(self.model, self.key))

    def _named(self, name: str) -> str:
        return f"{name}-{self.window}" if self.window else name

    def _newest(self, name: str, recipe: dict[str, str]) -> tuple[Grown, dict[int, str]]:
        """The newest checkpoint that can be gone on from, and its manifest's name by its rounds; else none."""
        folder = fit_checkpoints(self.model, self.key, name)
        manifests = self.store.list_files(folder, ".json")
        for position, named in reversed(list(enumerate(manifests))):
            try:
                grown = self._read(folder, named, recipe)
            except Refused as why:
                then = "trying the one before it" if position else "starting over"
                print(f"refused the checkpoint {folder}/{named}.json: {why}; {then}", flush=True)
            else:
                return grown, {grown.rounds: named}
        return Grown(), {}

    def _read(self, folder: str, named: str, recipe: dict[str, str]) -> Grown:
        manifest = _manifest(self.store, f"{folder}/{named}.json")
        if manifest.recipe != recipe:
            differing = [name for name, digest in recipe.items() if manifest.recipe.get(name) != digest]
            raise Refused(f"it is of a fit with other {' and '.join(differing)}")
        file = _booster_file(manifest.rounds)
        try:
            model = self.store.read_file(f"{folder}/{file}")
        except OSError as error:
            raise Refused(f"{file} cannot be read ({error})") from error
        if _sha256(model) != manifest.booster:
            raise Refused(
                f"{file} is truncated or changed (SHA-256 {_sha256(model)[:12]}, recorded {manifest.booster[:12]})"
            )
        return Grown(manifest.rounds, model, manifest.curve)

    def _save(self, fit: Fit, name: str, recipe: dict[str, str], grown: Grown, kept: dict[int, str]) -> dict[int, str]:
        """Write it and delete all but the newest ones of the fit; those, by rounds."""
        folder = fit_checkpoints(self.model, self.key, name)
        manifest = Manifest(
            recipe=recipe,
            rounds=grown.rounds,
            chunk=-(-grown.rounds // fit.chunk_rounds),
            curve=grown.curve,
            booster=self.store.write_file(f"{folder}/{_booster_file(grown.rounds)}", grown.model),
            spent=self.meter.read(),
        )
        content = json.dumps(manifest.model_dump()).encode()
        named = f"{grown.rounds:06}-{_sha256(content)}"
        self.store.write_file(f"{folder}/{named}.json", content)
        kept = dict([*kept.items()][1 - KEPT :]) | {grown.rounds: named}
        ours = {f"{folder}/{file}" for rounds, one in kept.items() for file in (_booster_file(rounds), f"{one}.json")}
        for path in self.store.files_below(folder).keys() - ours:
            if path.endswith((".ubj", ".json")):  # and not what another process is writing
                self.store.delete(path)
        return kept


def checkpoints_of(spec: ModelSpec, store: Store, key: str) -> Checkpoints:
    """Of the training of that key, whose cost goes on from what was spent on it before it was interrupted."""
    remove_abandoned(store, spec.name, key, datetime.now(UTC))
    meter = start_meter(spent_on(store, spec.name, key), gpus=int(spec.training.device == "cuda"))
    grace = Grace(whole_number("TRAINYARD_GRACE_S"))
    return Checkpoints(store, spec.name, key, spec.training.checkpoint_s, meter, grace=grace)


def spent_on(store: Store, model: str, key: str) -> Cost | None:
    """What the training had cost at its newest checkpoint; None without one."""
    found = []
    for path in store.files_below(checkpoints_folder(model, key)):
        if path.endswith(".json"):
            with contextlib.suppress(Refused):  # said where the fit of it goes on
                found.append(_manifest(store, path).spent)
    return max(found, key=lambda cost: cost.wall_s, default=None)


def remove_abandoned(store: Store, model: str, key: str, now: datetime) -> None:
    """Delete what trainings of other keys left behind that nobody has gone on with for a week."""
    newest: dict[str, datetime] = {}
    for path, written_at in store.files_below(checkpoints_folder(model)).items():
        other = path.removeprefix(f"{checkpoints_folder(model)}/").partition("/")[0]
        newest[other] = max(newest.get(other, written_at), written_at)
    for other, written_at in newest.items():
        if other != key and now - written_at > ABANDONED_AFTER:
            store.delete(checkpoints_folder(model, other))


def _manifest(store: Store, path: str) -> Manifest:
    """Raises Refused."""
    try:
        content = store.read_file(path)
    except OSError as error:
        raise Refused(f"it cannot be read ({error})") from error
    if not path.endswith(f"-{_sha256(content)}.json"):
        raise Refused(f"it is truncated or changed (SHA-256 {_sha256(content)[:12]}, not the one in its name)")
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise Refused("it was written by another version of this code") from error


def _booster_file(rounds: int) -> str:
    return f"{rounds:06}.ubj"


def _recipe(rows: str, code: tuple[ModuleType, ...], **others: Any) -> dict[str, str]:
    """Digest of each thing that decides a fit, by its name. code: the modules that fit."""
    sources = [Path(str(module.__file__)).read_text() for module in code]
    return {"rows": rows, **{name: digest_of_json(value) for name, value in {**others, "code": sources}.items()}}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
