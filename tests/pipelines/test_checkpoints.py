"""A fit that is ended at any time and run again gives the bytes of one that nobody ended."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from pipelines import estimators
from pipelines.checkpoints import Checkpoints, checkpoints_of, remove_abandoned, spent_on
from pipelines.layout import checkpoints_folder, fit_checkpoints
from pipelines.release.provenance import Cost, Meter
from pipelines.spec import find_model
from tests.pipelines.interrupted_fits import (
    KEY,
    MODEL,
    Killed,
    die,
    interrupt,
    refit,
    stopped,
)

REFIT = fit_checkpoints(MODEL, KEY, "refit")
pytestmark = pytest.mark.usefixtures("one_thread")


def files(checkpoints: Checkpoints, fit: str = "refit") -> list[Path]:
    return sorted((Path(checkpoints.store.uri) / fit_checkpoints(MODEL, KEY, fit)).iterdir())


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_fit_resumed_at_any_chunk_has_the_bytes_of_one_never_interrupted(saved, task, threads, monkeypatch, capsys):
    wanted = refit(None, task)
    monkeypatch.setattr(estimators, "THREADS", threads)
    for chunk in (1, 2, 3):
        saved.clear()
        interrupt(monkeypatch, chunk, die)
        with pytest.raises(Killed):
            refit(saved, task)
        assert refit(saved, task) == wanted
        assert f"resuming refit at round {4 * chunk} of 14 from its checkpoint\n" in capsys.readouterr().out
    assert refit(None, task) == wanted


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_early_stopping_resumed_at_any_chunk_finds_the_same_rounds_by_the_same_curve(saved, task, monkeypatch):
    wanted = stopped(None, task)
    for chunk in (1, 2):
        saved.clear()
        interrupt(monkeypatch, chunk, die)
        with pytest.raises(Killed):
            stopped(saved, task)
        assert stopped(saved, task) == wanted


def test_a_complete_fit_is_not_fitted_again(saved, monkeypatch, capsys):
    wanted = refit(saved), stopped(saved)
    interrupt(monkeypatch, 0, die)
    monkeypatch.setattr(estimators, "quantize", lambda *_: die())
    assert (refit(saved), stopped(saved)) == wanted
    assert "refit is complete in its checkpoint, 14 rounds\n" in capsys.readouterr().out


def test_the_newest_two_of_a_fit_are_kept_and_none_of_a_training_that_is_done(saved):
    refit(saved)
    assert [file.name[:6] + file.suffix for file in files(saved)] == [
        "000012.json",
        "000012.ubj",
        "000014.json",
        "000014.ubj",
    ]
    saved.clear()
    saved.clear()
    assert saved.store.files_below(checkpoints_folder(MODEL)) == {}


def test_between_two_checkpoints_of_a_fit_some_time_passes_and_its_end_is_always_saved(saved, store):
    refit(replace(saved, every_s=3600))
    assert [file.name[:6] for file in files(saved)] == ["000014", "000014"]


def interrupted_at_round_12(saved: Checkpoints, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Its Booster's file and its manifest; the checkpoint of round 8 is the one before it."""
    interrupt(monkeypatch, 3, die)
    with pytest.raises(Killed):
        refit(saved)
    _, _, manifest, booster = files(saved)
    return booster, manifest


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    "which, damage, told",
    [
        (0, flip_a_bit, r"000012.ubj is truncated or changed (SHA-256 "),
        (0, lambda file: file.write_bytes(file.read_bytes()[:-9]), r"000012.ubj is truncated or changed (SHA-256 "),
        (0, Path.unlink, r"000012.ubj cannot be read ("),
        (1, flip_a_bit, r"it is truncated or changed (SHA-256 "),
        (1, lambda file: file.write_bytes(b""), r"it is truncated or changed (SHA-256 "),
    ],
)
def test_a_checkpoint_that_is_not_what_it_was_is_refused_and_the_one_before_it_used(
    saved, which, damage, told, monkeypatch, capsys
):
    damaged = interrupted_at_round_12(saved, monkeypatch)
    damage(damaged[which])
    capsys.readouterr()
    assert refit(saved) == refit(None)
    refused, resumed = capsys.readouterr().out.splitlines()
    assert refused.startswith(f"refused the checkpoint {REFIT}/{damaged[1].name}: {told}")
    assert refused.endswith("; trying the one before it")
    assert resumed == "resuming refit at round 8 of 14 from its checkpoint"
    assert [file.name[:6] for file in files(saved)] == ["000012", "000012", "000014", "000014"]


def test_where_every_checkpoint_is_refused_the_fit_starts_over(saved, monkeypatch, capsys):
    interrupted_at_round_12(saved, monkeypatch)
    for file in files(saved):
        flip_a_bit(file)
    assert refit(saved) == refit(None)
    assert "; starting over\n" in capsys.readouterr().out


def test_the_fits_of_an_older_window_lie_beside_those_of_the_newest(saved):
    older = saved.of_window("2013-02-01T00-00-00")
    wanted = refit(saved)
    assert refit(older) == wanted
    kept = {path.split("/")[3] for path in saved.store.files_below(checkpoints_folder(MODEL, KEY))}
    assert kept == {"refit", "refit-2013-02-01T00-00-00"}


def test_scores_are_made_once_and_again_where_they_were_changed(saved, capsys):
    made = []

    def make() -> np.ndarray:
        made.append(1)
        return np.array([0.25, 0.5])

    for _ in range(2):
        assert saved.scores("majority", "0a", make).tolist() == [0.25, 0.5]
    assert len(made) == 1
    (file,) = files(saved, "majority")
    flip_a_bit(file)
    assert saved.scores("majority", "0a", make).tolist() == [0.25, 0.5]
    refused = f"refused {fit_checkpoints(MODEL, KEY, 'majority')}/{file.name}: "
    assert len(made) == 2 and f"{refused}it is changed; fitting majority again\n" in capsys.readouterr().out


def test_what_was_spent_before_the_interruption_is_counted(saved, store, monkeypatch):
    earlier = Cost(cpu_s=100.0, wall_s=50.0, peak_memory_mb=1e6, gpu_s=None)
    interrupted_at_round_12(replace(saved, meter=Meter(earlier)), monkeypatch)
    spent = spent_on(store, MODEL, KEY)
    assert spent is not None and spent.cpu_s > 100 and spent.wall_s > 50 and spent.peak_memory_mb == 1e6
    assert spent_on(store, MODEL, "0b" * 16) is None
    for manifest in Path(store.uri, REFIT).glob("*.json"):
        flip_a_bit(manifest)
    assert spent_on(store, MODEL, KEY) is None


def test_what_nobody_went_on_with_for_a_week_is_deleted(saved, store):
    old, recent = "0b" * 16, "0c" * 16
    for key in (KEY, old, recent):
        refit(replace(saved, key=key))
    now = datetime.now(UTC)
    for path in store.files_below(checkpoints_folder(MODEL)):
        days = {KEY: 30, old: 8, recent: 8}[path.split("/")[2]]
        written = (now - timedelta(days=days)).timestamp()
        os.utime(store.location(path), (written, written))
    last = next(path for path in store.files_below(checkpoints_folder(MODEL, recent)) if path.endswith(".ubj"))
    os.utime(store.location(last), ((now - timedelta(days=6)).timestamp(),) * 2)
    remove_abandoned(store, MODEL, KEY, now)
    assert {path.split("/")[2] for path in store.files_below(checkpoints_folder(MODEL))} == {KEY, recent}


@pytest.mark.parametrize(
    "device, told, gpus", [("cpu", "2", 2), ("cpu", "0", None), ("cpu", "", None), ("cuda", "2", 2), ("cuda", "", 1)]
)
def test_seconds_of_gpus_are_counted_where_the_training_holds_some(store, monkeypatch, device, told, gpus):
    monkeypatch.setenv("TRAINYARD_GPUS", told)
    shipped = find_model("flight_delay")
    spec = shipped.model_copy(update={"training": shipped.training.model_copy(update={"device": device})})
    cost = checkpoints_of(spec, store, KEY).meter.read()
    assert cost.gpu_s == (None if gpus is None else pytest.approx(cost.wall_s * gpus, abs=0.01))
