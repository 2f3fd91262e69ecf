"""Gather what the gates of a spec need: from the store, from MLflow, and from the models themselves."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from pipelines.candidate import Candidate, candidate_of
from pipelines.champions import Champion
from pipelines.features import declared_views
from pipelines.gates.attempts import attempt
from pipelines.gates.evidence import Evidence, Scored
from pipelines.gates.serving import measure
from pipelines.interval import Interval, parse_time, partition_interval
from pipelines.registry import Registry
from pipelines.served_model import load_version
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.training_set import load, read_kept, split_of


def gather(
    spec: ModelSpec, interval: Interval, store: Store, registry: Registry, made: Candidate, champion: Champion | None
) -> Evidence:
    """All that the spec's gates need to judge the candidate against the champion, as of the interval's end."""
    needs = frozenset[str]().union(*(gate.needs for gate in spec.gates))
    windows = max(gate.windows for gate in spec.gates)
    scored = _candidate_scores(store, made, windows)
    wanted = champion is not None or not needs.isdisjoint({"features", "serving"})
    features = _features(spec, store, made, scored) if wanted else None
    if champion is not None and features is not None:
        scored["champion"] = _champion_scores(spec, store, registry, champion, made, scored, features)
    rows = _scored(scored[scored["window"] == 0], spec.training.baselines, features if "features" in needs else None)
    known = scored[scored["champion"].notna()]
    return Evidence(
        spec=spec,
        as_of=interval.as_of,
        candidate=made,
        champion=champion,
        rows=rows,
        walk_forward=_scored(known, [], features if "features" in needs else None),
        attempt=attempt(store, spec.name, made.version, champion),
        device="cuda" if spec.compute.has_gpu("evaluate") else "cpu",
        evaluated=registry.load_evaluated(made.run_id, made.evaluated_digests) if "evaluated" in needs else None,
        serving=measure(store, registry, made, champion, features[(scored["window"] == 0).to_numpy()])
        if "serving" in needs and features is not None
        else None,
    )


def _candidate_scores(store: Store, made: Candidate, windows: int) -> pd.DataFrame:
    """The newest windows' held-out rows, newest first, with a column `window` and an empty `champion`."""
    frames = [
        store.read_parquet(path).to_pandas().assign(window=position)
        for position, path in enumerate(made.walk_forward[:windows])
    ]
    return pd.concat(frames, ignore_index=True).assign(champion=np.nan)


def _features(spec: ModelSpec, store: Store, made: Candidate, scored: pd.DataFrame) -> pd.DataFrame:
    """Every feature that the dataset declares, of the scored rows in their order."""
    manifest, since = read_kept(store, spec.name, made.training_set), scored["at"].min()
    granularity = find_dataset(spec.dataset).partition
    recent = [one for one in manifest.partitions if partition_interval(one.part, granularity).end > since]
    names = [name for view in declared_views(spec.dataset) for name in view.columns()]
    rows = load(store, spec, replace(manifest, partitions=recent), names)
    return rows.features.set_axis(rows.key.to_numpy()).loc[scored["key"]].reset_index(drop=True)


def _champion_scores(
    spec: ModelSpec,
    store: Store,
    registry: Registry,
    champion: Champion,
    made: Candidate,
    scored: pd.DataFrame,
    features: pd.DataFrame,
) -> np.ndarray:
    """The champion's own scores of rows that it was not trained on; of older ones, its walk-forward scores.

    Shape (n,) in the rows' order; NaN where there is neither, and in windows whose scores both share: the
    same recipe on the same rows says nothing of a difference, and would thin out a fault in the newest.
    """
    unseen = (scored["at"] >= champion.trained_until).to_numpy()
    found = np.full(len(scored), np.nan)
    if unseen.any():
        found[unseen] = load_version(store, registry, spec.name, champion.version).score(features[unseen])
    if not unseen.all():
        its_own = candidate_of(store, spec.name, champion.version).walk_forward
        shared = [position for position, path in enumerate(made.walk_forward) if path in its_own]
        for path in its_own:
            earlier = store.read_parquet(path, ["key", "candidate"]).to_pandas().set_index("key")["candidate"]
            found = np.where(np.isnan(found), earlier.reindex(scored["key"]).to_numpy(), found)
        found[scored["window"].isin(shared).to_numpy()] = np.nan
    return found


def _scored(frame: pd.DataFrame, baselines: Sequence[str], features: pd.DataFrame | None) -> Scored:
    return Scored(
        key=frame["key"].to_numpy(),
        label=frame["label"].to_numpy(),
        at=frame["at"].to_numpy(),
        day=frame["day"].to_numpy(),
        window=frame["window"].to_numpy(),
        candidate=frame["candidate"].to_numpy(),
        champion=frame["champion"].to_numpy(),
        baselines={name: frame[name].to_numpy() for name in baselines},
        features=pd.DataFrame() if features is None else features.loc[frame.index].reset_index(drop=True),
    )


def newest_window(spec: ModelSpec, made: Candidate) -> tuple[str, str]:
    """ISO start and end of the candidate's newest held-out window."""
    return split_of(spec, parse_time(made.as_of)).evaluation_from.isoformat(), made.as_of
