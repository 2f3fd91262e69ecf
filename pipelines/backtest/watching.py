"""What the monitor would have said at the end of each window, by what was known then."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.backtest.fits import Fit
from pipelines.backtest.history import History
from pipelines.drift.history import History as Past
from pipelines.drift.history import Seen
from pipelines.drift.labels import labels_known
from pipelines.drift.quality import observe_quality
from pipelines.drift.reference import partition_before, reference_spans
from pipelines.drift.report import Attribution, DriftReport
from pipelines.drift.series import SeriesState
from pipelines.drift.severity import judge, overall, quality_severity
from pipelines.drift.windows import HeldOut, Reference, Window
from pipelines.interval import parse_time
from pipelines.metrics import measure_all
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
            past = _past([self.report(served[:end]) for end in range(1, len(served))])
            at = (served[-1], len(served) - 1)
            self._reports[served] = _assess(self.history.spec, self._reference(*at), self._window(*at), past)
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


def _assess(spec: ModelSpec, reference: Reference, window: Window, past: Past) -> DriftReport:
    """By quality alone: its losses are judged by the declared numbers."""
    labels = labels_known(spec.monitoring, window)
    states = judge(spec.monitoring, observe_quality(spec, reference, window, labels), {}, past, window.part)
    severity, reasons = overall(states)
    known = window.rows.labelled().label
    return DriftReport(
        model=spec.name,
        part=window.part,
        as_of=window.as_of.isoformat(),
        model_version=reference.version,
        severity=severity,
        quality_severity=quality_severity(states),
        reasons=reasons,
        labels=labels,
        positive_rate=float(known.mean()) if len(known) else None,
        attribution=Attribution("none", "", [], [], ""),
        states=states,
    )


def _past(reports: Sequence[DriftReport]) -> Past:
    """What those runs saw, as the table of all series would have it."""
    return Past(tuple(_seen(report, state) for report in reports for state in report.states))


def _seen(report: DriftReport, state: SeriesState) -> Seen:
    one = state.observation
    return Seen(
        run=report.part,
        as_of=parse_time(report.as_of),
        window=report.part,
        model_version=report.model_version,
        series=one.series,
        value=one.value,
        worth=one.worth,
        threshold=state.threshold,
        daily=one.daily,
    )
