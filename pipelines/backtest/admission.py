"""Whether a candidate of the past would have been admitted: the spec's own gates on the scores that were kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from pipelines.backtest.history import History
from pipelines.candidate import Candidate
from pipelines.champions import Champion
from pipelines.features import declared_views
from pipelines.gates.evaluation import Evaluation, evaluate
from pipelines.gates.evidence import Evidence, Scored
from pipelines.gates.gate import Gate
from pipelines.spec import ModelSpec
from pipelines.training_set import split_of

# What else a gate may need is a model that serves, and not what it knows.
GATHERED = frozenset({"features"})


def judged_gates(spec: ModelSpec) -> list[Gate]:
    """Those that held-out scores and features decide; what serving costs or a fault does is not replayed."""
    return [gate for gate in spec.gates if gate.needs <= GATHERED]


@dataclass(frozen=True)
class Admission:
    """Judges each pair of a champion and a candidate once."""

    history: History
    _judged: dict[tuple[int, int, int], Evaluation] = field(default_factory=dict)

    def evaluation(self, champion: int, candidate: int, attempt: int) -> Evaluation:
        """Of the candidate, a fit, against the champion, an earlier one; attempt: from 1, against that champion."""
        at = (champion, candidate, attempt)
        if at not in self._judged:
            self._judged[at] = self._evaluate(champion, candidate, attempt)
        return self._judged[at]

    def _evaluate(self, champion: int, candidate: int, attempt: int) -> Evaluation:
        history = self.history
        spec = history.spec.model_copy(update={"gates": judged_gates(history.spec)})
        rows = self._with_champion(self._held_out(champion, candidate), champion, candidate)
        names = [name for view in declared_views(spec.dataset) for name in view.columns()]
        features = history.kept.features(history.fits[candidate], rows, names)
        as_of, since = history.fits[candidate].as_of, history.fits[champion].as_of
        evidence = Evidence(
            spec=spec,
            as_of=as_of,
            candidate=self._candidate(candidate),
            champion=Champion(champion + 1, "", since, since),
            rows=_scored(rows[rows["window"] == 0], spec.training.baselines, features),
            walk_forward=_scored(rows[rows["champion"].notna()], [], features),
            attempt=attempt,
            device="cuda" if spec.compute.has_gpu("backtest") else "cpu",
        )
        return evaluate(evidence, (split_of(spec, as_of).evaluation_from.isoformat(), as_of.isoformat()))

    def _held_out(self, champion: int, candidate: int) -> pd.DataFrame:
        """Rows of the candidate's newest walk-forward windows, newest first; those that its champion was trained on
        say nothing of a difference, and are left out."""
        history, frames = self.history, []
        by_time = {fit.as_of: fit for fit in history.fits}
        months = history.spec.training.evaluation_months
        for position in range(max(gate.windows for gate in history.spec.gates)):
            end = pd.Timestamp(history.fits[candidate].as_of) - pd.DateOffset(months=months * position)
            fit = by_time.get(end.to_pydatetime())
            if fit is None or (position and fit.as_of <= history.fits[champion].as_of):
                break
            frames.append(history.kept.held_out(fit).assign(window=position))
        return pd.concat(frames, ignore_index=True)

    def _with_champion(self, rows: pd.DataFrame, champion: int, candidate: int) -> pd.DataFrame:
        """With a column `champion`, NaN where it was trained on the row."""
        history = self.history
        scores = [
            pd.Series(history.scores[champion, window], index=history.windows[window].key)
            for window in range(champion, candidate)
        ]
        return rows.assign(champion=pd.concat(scores).reindex(rows["key"]).to_numpy(dtype="float64"))

    def _candidate(self, index: int) -> Candidate:
        """As it would have been registered, under its number among the fits."""
        fit = self.history.fits[index]
        return Candidate(
            model=self.history.spec.name,
            as_of=fit.as_of.isoformat(),
            version=index + 1,
            run_id="",
            key=fit.key,
            rounds=fit.rounds,
            training_set=fit.training_set,
            model_digest="",
            scores_digest="",
            walk_forward=[self.history.kept.held_out_path(fit)],
        )


def _scored(rows: pd.DataFrame, baselines: Sequence[str], features: pd.DataFrame) -> Scored:
    columns = {name: rows[name].to_numpy() for name in ("key", "label", "at", "day", "window", "candidate", "champion")}
    return Scored(
        **columns,
        baselines={name: rows[name].to_numpy() for name in baselines},
        features=features.loc[rows.index].reset_index(drop=True),
    )
