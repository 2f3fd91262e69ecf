"""What the monitor would have said at the end of each window, by what was known then."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipelines.backtest.fits import Fit
from pipelines.backtest.history import History
from pipelines.drift.labels import labels_known
from pipelines.drift.quality import observe_quality
from pipelines.drift.reference import partition_before, reference_spans
from pipelines.drift.report import Attribution, DriftReport
from pipelines.drift.series import Observation, SeriesState, Severity
from pipelines.drift.windows import HeldOut, Reference, Window
from pipelines.metrics import measure_all
from pipelines.monitoring_spec import Monitoring
from pipelines.spec import ModelSpec
from pipelines.training_set import stacked

# Which fit served each window, from the first one to the one that is watched.
Served = tuple[int, ...]


@dataclass(frozen=True)
class Monitor:
    """Watches a window once for each way in which it can have been reached."""

    history: History
    _reports: dict[Served, DriftReport] = field(default_factory=dict)

    def report(self, served: Served) -> DriftReport:
        """Of the newest window served, as of its end."""
        if served not in self._reports:
            earlier = [self.report(served[:end]) for end in range(1, len(served))]
            champion, window = served[-1], len(served) - 1
            watched = self._window(champion, window)
            self._reports[served] = _assess(self.history.spec, self._reference(champion, window), watched, earlier)
        return self._reports[served]

    def _window(self, champion: int, window: int) -> Window:
        history, past = self.history, self.history.windows[window]
        before = partition_before(history.spec, history.kept.store, past.interval)
        return Window(
            part=past.part,
            interval=past.interval,
            as_of=past.interval.as_of,
            rows=history.rows(past.interval, past.interval.as_of),
            scores=history.scores[champion, window].astype("float64"),
            before=None if before is None else history.rows(before, past.interval.as_of),
        )

    def _reference(self, champion: int, window: int) -> Reference:
        """What the champion was made from, with what its own held-out months showed."""
        history, fit = self.history, self.history.fits[champion]
        interval = history.windows[window].interval
        chosen = reference_spans(history.spec, history.kept.store, fit.as_of, interval)
        held_out = self._held_out(fit)
        return Reference(
            version=champion + 1,
            trained_until=fit.as_of,
            since=fit.as_of,
            rows=stacked([history.rows(span, interval.as_of) for span in chosen.spans]),
            held_out=held_out,
            metrics=measure_all(history.spec.target.task, held_out.label, held_out.score, held_out.day),
            importances=fit.importances,
            in_season=chosen.in_season,
        )

    def _held_out(self, fit: Fit) -> HeldOut:
        known = self.history.kept.held_out(fit)
        columns = self.history.kept.features(fit, known, self.history.spec.monitoring.slices)
        label, score, day = (known[name].to_numpy() for name in ("label", "candidate", "day"))
        return HeldOut(label, score, day, columns)


def _assess(spec: ModelSpec, reference: Reference, window: Window, earlier: Sequence[DriftReport]) -> DriftReport:
    """By the loss of quality alone."""
    labels = labels_known(spec.monitoring, window)
    observed = observe_quality(spec, reference, window, labels)[0]
    state = _judge(spec.monitoring, observed, window.part, [report.states[0] for report in earlier])
    return DriftReport(
        model=spec.name,
        part=window.part,
        as_of=window.as_of.isoformat(),
        model_version=reference.version,
        severity=state.severity,
        quality_severity=state.severity if observed.value is not None else None,
        reasons=[observed.text] if state.is_beyond else [],
        labels=labels,
        positive_rate=None,
        attribution=Attribution("none", "", [], [], observed.text),
        states=[state],
    )


def _judge(policy: Monitoring, observed: Observation, part: str, earlier: Sequence[SeriesState]) -> SeriesState:
    recent = earlier[len(earlier) - min(len(earlier), policy.persistence.of - 1) :]
    state = SeriesState(observed, observed.worth, "ok", 0, len(recent) + 1, None, None)
    if not state.is_beyond:
        return state
    beyond = 1 + sum(one.is_beyond for one in recent)
    severity: Severity = "info"
    if beyond >= policy.persistence.windows:
        severity = "critical" if (observed.low or 0.0) > policy.critical_loss else "warning"
    since = earlier[-1].since if earlier and earlier[-1].is_beyond else part
    return replace(state, severity=severity, beyond=beyond, since=since)
