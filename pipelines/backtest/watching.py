"""What the monitor would have said at the end of each window, by what was known then."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import numpy as np
import pandas as pd

from pipelines.backtest.fits import Fit
from pipelines.backtest.history import History
from pipelines.drift.assessment import assess, informing_columns, profiled
from pipelines.drift.bounds import WINDOW_DAYS
from pipelines.drift.calibration import calibrate
from pipelines.drift.history import history_of
from pipelines.drift.inputs import ReferenceProfile
from pipelines.drift.labels import awaited_from, is_unfinished, labels_known
from pipelines.drift.reference import ReferenceSpans, partition_before, reference_spans
from pipelines.drift.report import DriftReport, Labels
from pipelines.drift.revisits import Look, Looks, look_at
from pipelines.drift.windows import HeldOut, Reference, Scored, Window
from pipelines.interval import Interval
from pipelines.metrics import measure_all
from pipelines.spec import find_dataset
from pipelines.training_set import stacked

# Which fit served each window, from the first one to the one that is watched.
Served = tuple[int, ...]
Spans = tuple[Interval, ...]


@dataclass(frozen=True)
class Monitor:
    """Watches a window once for each way in which it can have been reached.

    What only the store of a running system can tell is left out: ages of features, partitions that were missing then,
    scores that come out otherwise.
    """

    history: History
    _reports: dict[Served, DriftReport] = field(default_factory=dict)
    _profiles: dict[Spans, ReferenceProfile] = field(default_factory=dict)
    _bounds: dict[tuple[int, Spans], dict[str, float]] = field(default_factory=dict)
    _looked: dict[tuple[int, int, int], Look] = field(default_factory=dict)

    def report(self, served: Served) -> DriftReport:
        """Of the newest window served, as of its end, and of earlier ones whose labels came since."""
        if served not in self._reports:
            earlier = [self.report(served[:end]) for end in range(1, len(served))]
            self._reports[served] = self._assess(served, earlier)
        return self._reports[served]

    def _window(self, champion: int, window: int, as_of: datetime) -> Window:
        history, past = self.history, self.history.windows[window]
        before = partition_before(history.spec, history.kept.store, past.interval)
        return Window(
            part=past.part,
            interval=past.interval,
            as_of=as_of,
            rows=history.rows(past.interval, as_of),
            scores=history.scores[champion, window].astype("float64"),
            before=None if before is None else history.rows(before, as_of),
        )

    def _assess(self, served: Served, earlier: Sequence[DriftReport]) -> DriftReport:
        spec, champion, now = self.history.spec, served[-1], len(served) - 1
        watched, chosen = self._window(champion, now, self._end(now)), self._spans(champion, now)
        reference = self._reference(champion, chosen, watched.as_of)
        profile = self._profile(tuple(chosen.spans), reference)
        bounds = self._bounds_of(champion, tuple(chosen.spans), reference, profile)
        labels, looks = labels_known(spec.monitoring, watched), self._looks(served, earlier)
        return assess(spec, reference, profile, watched, labels, bounds, history_of(earlier), looks=looks)

    def _looks(self, served: Served, earlier: Sequence[DriftReport]) -> Looks:
        """At the windows that the monitor would look at again, each with the champion that served it."""
        last: dict[str, Labels] = {}
        for report in earlier:
            last |= {report.part: report.labels} | {one.part: one.labels for one in report.revisited}
        now, windows = len(served) - 1, self.history.windows
        awaited = awaited_from(self.history.spec.monitoring, windows[now].interval)
        again = [
            window
            for window in range(now)
            if windows[window].interval.start >= awaited
            and is_unfinished(last[windows[window].part], partial(self._labelled, window, self._end(now)))
        ]
        return Looks([self._look(served[window], window, now) for window in again])

    def _look(self, champion: int, window: int, now: int) -> Look:
        """By what is known at the end of the window `now`; its reference as it was at its own end."""
        at = champion, window, now
        if at not in self._looked:
            spec, looked_at = self.history.spec, self._window(champion, window, self._end(now))
            reference = self._reference(champion, self._spans(champion, window), self._end(window))
            self._looked[at] = look_at(spec, reference, looked_at, labels_known(spec.monitoring, looked_at))
        return self._looked[at]

    def _labelled(self, window: int, as_of: datetime) -> int:
        label = self.history.rows(self.history.windows[window].interval, as_of).label
        return int((~np.isnan(label)).sum())

    def _end(self, window: int) -> datetime:
        return self.history.windows[window].interval.as_of

    def _spans(self, champion: int, window: int) -> ReferenceSpans:
        spec, store, since = self.history.spec, self.history.kept.store, self.history.fits[champion].as_of
        return reference_spans(spec, store, since, self.history.windows[window].interval)

    def _reference(self, champion: int, chosen: ReferenceSpans, as_of: datetime) -> Reference:
        """What the champion was made from, with what its own held-out months showed."""
        history, fit = self.history, self.history.fits[champion]
        held_out = self._held_out(fit)
        return Reference(
            version=champion + 1,
            trained_until=fit.as_of,
            since=fit.as_of,
            rows=stacked([history.rows(span, as_of) for span in chosen.spans]),
            held_out=held_out,
            metrics=measure_all(history.spec.target.task, held_out.label, held_out.score, held_out.day),
            importances=fit.importances,
            in_season=chosen.in_season,
        )

    def _profile(self, spans: Spans, reference: Reference) -> ReferenceProfile:
        if spans not in self._profiles:
            self._profiles[spans] = profiled(self.history.spec, reference)
        return self._profiles[spans]

    def _bounds_of(
        self, champion: int, spans: Spans, reference: Reference, profile: ReferenceProfile
    ) -> dict[str, float]:
        """As the monitor keeps them with a version; here they are nobody's, and are not kept."""
        spec, at = self.history.spec, (champion, spans)
        if at not in self._bounds and spec.monitoring.false_alarms is not None:
            days, informs = WINDOW_DAYS[find_dataset(spec.dataset).partition], informing_columns(spec, reference)
            self._bounds[at] = calibrate(profile, reference.held_out, spec.monitoring, days, informs).bounds
        return self._bounds.get(at, {})

    def _held_out(self, fit: Fit) -> HeldOut:
        kept, fits = self.history.kept, self.history.fits
        known = kept.held_out(fit)
        columns = kept.features(fit, known, self.history.spec.monitoring.slices)
        # The fits before it are what its walk-forward windows would have been scored by.
        at, windows = fits.index(fit), self.history.spec.training.walk_forward_windows
        every = [kept.held_out(one) for one in fits[max(0, at + 1 - windows) : at + 1]]
        newest = _scored(known)
        return HeldOut(newest.label, newest.score, newest.day, columns, _scored(pd.concat(every, ignore_index=True)))


def _scored(held_out: pd.DataFrame) -> Scored:
    return Scored(*(held_out[name].to_numpy() for name in ("label", "candidate", "day")))
