"""The state of every model as Prometheus reads it: from the journal and the store alone, without a clock.

Times are exposed as timestamps, so that two scrapes of one store say the same; an age is
`time() - trainyard_champion_since_timestamp_seconds`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipelines.alerts.incident import Incident
from pipelines.alerts_spec import SEVERITIES
from pipelines.champions import in_force_at
from pipelines.drift.policy import ANSWERS
from pipelines.drift.report import DriftReport
from pipelines.drift.series import ORDER, Observation, worst
from pipelines.errors import CallerError
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.evaluations import newest_evaluation, read_evaluation
from pipelines.journal import Event, everything, select
from pipelines.layout import candidate_version, drift_report
from pipelines.metrics import Measured
from pipelines.store import Store

HOUR_S = 3600.0
INTERVAL = ("", "_low", "_high")
TOLD: Mapping[str, str] = {
    "champion_version": "Version in force.",
    "champion_since_timestamp_seconds": "When the champion took force.",
    "reference_quality": "The champion's metric at its own evaluation.",
    "quality_loss": "Loss against that in the newest monitored window; more is worse.",
    "labelled_ratio": "Share of the newest monitored window's rows that have a label.",
    "window_end_timestamp_seconds": "End of the newest monitored window.",
    "window_readable": "0 where that window's drift report is gone or of an earlier form: monitor it again.",
    "drift_severity": "Of the newest monitored window: 0 ok, 1 info, 2 warning, 3 critical.",
    "feature_age_seconds": "Age of a view's features in the newest monitored window.",
    "gate_passed": "1 where the newest evaluated candidate passed the gate.",
    "evaluated_version": "The newest evaluated candidate.",
    "training_cpu_seconds": "CPU time of the newest evaluated candidate's training.",
    "training_gpu_seconds": "GPU time of the newest evaluated candidate's training.",
    "alerts_open": "Things that alarm and have not been seen to be right since.",
}
Sample = tuple[str, dict[str, str], float]


class StoreCollector(Collector):
    """Reads the store anew for every scrape."""

    def __init__(self, store: Store, models: Iterable[str]) -> None:
        self.store = store
        self.models = sorted(models)

    def collect(self) -> Iterator[Metric]:
        said = everything(self.store)
        gauges: dict[str, Metric] = {}
        for model in self.models:
            for name, labels, value in samples(self.store, said, model):
                family = gauges.setdefault(name, _gauge(name))
                family.add_sample(family.name, {"model": model, **labels}, value)
        yield from gauges.values()
        yield self._decisions(said)

    def _decisions(self, said: list[Event]) -> Metric:
        counted = CounterMetricFamily("trainyard_decisions", "Retrain decisions.", labels=["model", "answer"])
        for model in self.models:
            answers = Counter(event.content["decision"] for event in select(said, "decision", model))
            for answer in ANSWERS:
                counted.add_metric([model, answer], answers[answer])
        return counted


def registry(store: Store, models: Iterable[str]) -> CollectorRegistry:
    """With nothing of the process that serves it."""
    made = CollectorRegistry(auto_describe=False)
    made.register(StoreCollector(store, models))
    return made


def samples(store: Store, said: list[Event], model: str) -> Iterator[Sample]:
    """Name without prefix, labels beside the model's, value. What there is not yet has no sample."""
    champion = in_force_at(said, model)
    if champion is not None:
        yield "champion_version", {}, champion.version
        yield "champion_since_timestamp_seconds", {}, champion.effective_from.timestamp()
        yield from _reference(read_evaluation(store, model, champion.version))
    newest = newest_evaluation(store, model)
    if newest is not None:
        yield from _evaluation(store, newest)
    monitored = select(said, "drift", model)
    if monitored:
        yield "window_end_timestamp_seconds", {}, monitored[-1].at.timestamp()
        report = _report(store, model, monitored[-1].content["part"])
        yield "window_readable", {}, float(report is not None)
        if report is not None:
            yield from _window(report)
    told = select(said, "alert", model)
    things = Counter(Incident.of(told[-1].content).things.values()) if told else Counter()
    for severity in SEVERITIES:
        yield "alerts_open", {"severity": severity}, things[severity]


def _reference(evaluated: Evaluation | None) -> Iterator[Sample]:
    measured: dict[str, Measured] = evaluated.metrics.get("candidate", {}) if evaluated else {}
    for metric, one in measured.items():
        yield from _with_interval("reference_quality", {"metric": metric}, one)


def _evaluation(store: Store, newest: Evaluation) -> Iterator[Sample]:
    yield "evaluated_version", {}, newest.version
    passed: dict[tuple[str, str], bool] = {}
    for gate in newest.gates:
        key = (gate.kind, gate.metric)
        passed[key] = passed.get(key, True) and gate.verdict == "pass"
    for (kind, metric), good in passed.items():
        yield "gate_passed", {"gate": kind, "metric": metric}, float(good)
    path = candidate_version(newest.model, newest.version)
    if store.exists(path):
        # As JSON: the candidate's own module brings MLflow and XGBoost along.
        cost: dict[str, float | None] = json.loads(store.read_file(path)).get("cost", {})
        for unit in ("cpu", "gpu"):
            spent = cost.get(f"{unit}_s")
            if spent is not None:
                yield f"training_{unit}_seconds", {}, spent


def _report(store: Store, model: str, part: str) -> DriftReport | None:
    """None where it is gone or of another version of Trainyard: one model's must not silence the others."""
    path = drift_report(model, part)
    if not store.exists(path):
        return None
    try:
        return DriftReport.from_json(store.read_file(path))
    except CallerError:
        return None


def _window(report: DriftReport) -> Iterator[Sample]:
    yield "labelled_ratio", {}, report.labels.covered
    families = sorted({state.observation.family for state in report.counted})
    for family in families:
        severities = [state.severity for state in report.counted if state.observation.family == family]
        yield "drift_severity", {"family": family}, ORDER.index(worst(severities))
    for state in report.counted:
        seen = state.observation
        if seen.value is None:
            continue
        if seen.statistic == "feature_age_h":
            yield "feature_age_seconds", {"view": seen.subject}, seen.value * HOUR_S
        elif (seen.family, seen.statistic) == ("quality", "loss") and "[" not in seen.subject:
            yield from _with_interval("quality_loss", {"metric": seen.subject}, seen)


def _with_interval(name: str, labels: dict[str, str], one: Measured | Observation) -> Iterator[Sample]:
    for suffix, value in zip(INTERVAL, (one.value, one.low, one.high), strict=True):
        if value is not None:
            yield f"{name}{suffix}", labels, value


def _gauge(name: str) -> Any:
    bound = next((suffix for suffix in INTERVAL[1:] if name.endswith(suffix)), "")
    side = {"": "", "_low": " Lower end of its 95 % interval.", "_high": " Upper end of its 95 % interval."}[bound]
    return GaugeMetricFamily(f"trainyard_{name}", f"{TOLD[name.removesuffix(bound)]}{side}")
