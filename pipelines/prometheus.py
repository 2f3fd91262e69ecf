"""The state of every model as Prometheus reads it: from the journal and the store alone, without a clock.

Times are exposed as timestamps, so that two scrapes of one store say the same; an age is
`time() - trainyard_champion_since_timestamp_seconds`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipelines.alerts.incident import Incident
from pipelines.alerts_spec import SEVERITIES, longest_period
from pipelines.champions import in_force_at, promotions, withdrawals
from pipelines.drift.policy import ANSWERS
from pipelines.drift.report import DriftReport
from pipelines.drift.series import ORDER, Observation, worst
from pipelines.errors import CallerError
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.evaluations import newest_evaluation, read_evaluation
from pipelines.interval import parse_time
from pipelines.journal import Event, everything, select
from pipelines.layout import candidate_version, drift_report
from pipelines.metrics import Measured
from pipelines.prometheus_cost import TOLD as TOLD_OF_COST
from pipelines.prometheus_cost import Kept, Sample, cost_samples
from pipelines.prometheus_data import TOLD as TOLD_OF_DATA
from pipelines.prometheus_data import dataset_samples
from pipelines.retrain.freeze import freeze_in_force
from pipelines.retrain.serving import stops
from pipelines.spec import DatasetSpec, ModelSpec
from pipelines.store import Store

HOUR_S = 3600.0
INTERVAL = ("", "_low", "_high")
# A champion is old, where its spec does not say when, once it missed this many scheduled trainings.
MISSED_TRAININGS = 3
TOLD: Mapping[str, str] = {
    "live": "0 where the model's dataset declares its end: nothing more is due.",
    "train_period_seconds": "The longest period of the model's schedule of training.",
    "monitor_period_seconds": "The longest period of the model's schedule of monitoring.",
    "champion_age_limit_seconds": "Age at which a champion is too old: as declared, else three periods of training.",
    "champion_version": "Version in force.",
    "champion_since_timestamp_seconds": "When the champion took force.",
    "reference_quality": "The champion's metric at its own evaluation.",
    "quality_loss": "Loss against that in the newest monitored window; more is worse.",
    "quality_loss_limit": "Loss of the watched metric from which it is worth a warning, or critical.",
    "labelled_ratio": "Share of the newest monitored window's rows that have a label.",
    "window_end_timestamp_seconds": "End of the newest monitored window.",
    "window_readable": "0 where that window's drift report is gone or of an earlier form: monitor it again.",
    "drift_severity": "Of the newest monitored window: 0 ok, 1 info, 2 warning, 3 critical.",
    "feature_age_seconds": "Age of a view's features in the newest monitored window.",
    "gate_passed": "1 where the newest evaluated candidate passed the gate.",
    "evaluated_version": "The newest evaluated candidate.",
    "evaluated_timestamp_seconds": "Its as-of time.",
    "evaluation_passed": "1 where its verdict is pass.",
    "training_cpu_seconds": "CPU time of the newest evaluated candidate's training.",
    "training_gpu_seconds": "GPU time of the newest evaluated candidate's training.",
    "alerts_open": "Things that alarm and have not been seen to be right since.",
    "serving_stopped": "Stops of serving that nobody lifted.",
    "frozen_until_timestamp_seconds": "Until when decisions retrain nothing, where the model is frozen.",
    **TOLD_OF_DATA,
    **TOLD_OF_COST,
}
COUNTERS = {
    "decisions": "Retrain decisions.",
    "promotions": "Times that a version was put in force.",
    "withdrawals": "Versions taken out of force for good.",
}


class StoreCollector(Collector):
    """Reads the store anew for every scrape."""

    def __init__(self, store: Store, models: Iterable[ModelSpec], datasets: Mapping[str, DatasetSpec]) -> None:
        self.store = store
        self.models = sorted(models, key=lambda spec: spec.name)
        self.datasets = datasets
        self._kept: Kept = {}

    def collect(self) -> Iterator[Metric]:
        said = everything(self.store)
        gauges: dict[str, Metric] = {}
        for name, labels, value in self._samples(said):
            family = gauges.setdefault(name, _gauge(name))
            family.add_sample(family.name, labels, value)
        yield from gauges.values()
        yield from self._counters(said)

    def _samples(self, said: list[Event]) -> Iterator[Sample]:
        for dataset in self.datasets.values():
            yield from dataset_samples(self.store, said, dataset)
        for spec in self.models:
            dataset = self.datasets[spec.dataset]
            own = [
                *_declared(spec, dataset),
                *samples(self.store, said, spec.name),
                *cost_samples(self.store, self._kept, spec.name, dataset.partition),
            ]
            for name, labels, value in own:
                yield name, {"model": spec.name, **labels}, value

    def _counters(self, said: list[Event]) -> Iterator[Metric]:
        families = {
            name: CounterMetricFamily(f"trainyard_{name}", told, labels=["model"]) for name, told in COUNTERS.items()
        }
        families["decisions"] = CounterMetricFamily(
            "trainyard_decisions", COUNTERS["decisions"], labels=["model", "answer"]
        )
        for spec in self.models:
            answers = Counter(event.content["decision"] for event in select(said, "decision", spec.name))
            for answer in ANSWERS:
                families["decisions"].add_metric([spec.name, answer], answers[answer])
            families["promotions"].add_metric([spec.name], len(promotions(said, spec.name)))
            families["withdrawals"].add_metric([spec.name], len(withdrawals(said, spec.name)))
        yield from families.values()


def registry(store: Store, models: Iterable[ModelSpec], datasets: Mapping[str, DatasetSpec]) -> CollectorRegistry:
    """With nothing of the process that serves it."""
    made = CollectorRegistry(auto_describe=False)
    made.register(StoreCollector(store, models, datasets))
    return made


def _declared(spec: ModelSpec, dataset: DatasetSpec) -> Iterator[Sample]:
    """What a rule needs to know when something is late."""
    yield "live", {}, float(dataset.end is None)
    period = longest_period(spec.schedule.train)
    yield "train_period_seconds", {}, period.total_seconds()
    yield "monitor_period_seconds", {}, longest_period(spec.schedule.monitor).total_seconds()
    limit: timedelta = spec.monitoring.champion_age or spec.retrain.champion_age or MISSED_TRAININGS * period
    yield "champion_age_limit_seconds", {}, limit.total_seconds()
    watched = spec.monitoring
    for severity, loss in (("warning", watched.warning_loss), ("critical", watched.critical_loss)):
        yield "quality_loss_limit", {"metric": watched.metric, "severity": severity}, loss


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
    yield "serving_stopped", {}, len(stops(said, model))
    frozen = freeze_in_force(said, model)
    if frozen is not None:
        yield "frozen_until_timestamp_seconds", {}, frozen.until.timestamp()
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
    yield "evaluated_timestamp_seconds", {}, parse_time(newest.as_of).timestamp()
    yield "evaluation_passed", {}, float(newest.verdict == "pass")
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
