"""2013 as a monitor sees it: the champion of each month end, what its windows are compared with, and the windows."""

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import xgboost

from benchmarks.injected_faults import Fault
from benchmarks.walk_forward_scores import LAST_MONTH
from embedded.year import MODEL, month_start
from pipelines.datasets.flights.schema import KEY, TIME
from pipelines.drift.freshness import aging_views
from pipelines.drift.reference import ReferenceSpans, reference_spans
from pipelines.drift.windows import HeldOut, Reference, Scored, Window
from pipelines.encoding import Encoding
from pipelines.estimators import Model, importances
from pipelines.feature_store import PREDICT_AT
from pipelines.interval import Interval, partition_interval
from pipelines.metrics import Measured, measure_all, value_of
from pipelines.spec import ModelSpec, find_model
from pipelines.steps.train import refit
from pipelines.store import Store
from pipelines.training_set import Rows, label_of, model_rows, read, split_of
from pipelines.walk_forward import hold_out

# Joined rows by part, 2013-01 and so on.
Months = Mapping[str, pd.DataFrame]
NEVER = pd.Timestamp("2100-01-01", tz="UTC")
SCORED = ("label", "score", "day")
# February is the first month that a model fitted before it can be held to.
FIRST_HELD_OUT_END = month_start(3)


@dataclass(frozen=True)
class Champion:
    """model: fitted on all rows before as_of. held_out: the month before as_of, by a model that never saw it, with as
    many before it as the spec's walk-forward has."""

    as_of: datetime
    model: Model
    held_out: HeldOut
    metrics: Mapping[str, Measured]


@dataclass(frozen=True)
class Cost:
    """What a fault does to the rows after its start in one window.

    auc: lost, against the same window without it. shift: of the predictions, the mean absolute move of the flights
    that are in both, or the move of the mean of all, whichever is more.
    """

    auc: float
    shift: float

    @property
    def matters(self) -> bool:
        return self.auc > 0.01 or self.shift > 0.05


@dataclass(frozen=True)
class Year:
    """spec: the shipped model. kept: a folder of the champions made before. faulty: parts that have a fault."""

    spec: ModelSpec
    store: Store
    months: Months
    kept: Path
    faulty: frozenset[str] = frozenset()

    @classmethod
    def of(cls, store: Store, kept: Path) -> "Year":
        parts = read(store, MODEL, month_start(LAST_MONTH + 1)).partitions
        months = {one.part: store.read_parquet(one.path).to_pandas() for one in parts}
        return cls(find_model(MODEL), store, months, kept)

    def champion(self, as_of: datetime, report: Callable[[str], None]) -> Champion:
        """The shipped recipe on all that was known by then, as the step `train` fits it."""
        files = self._files(as_of)
        if not all(path.exists() for path in files.values()):
            report(f"fitting the champion of {as_of:%F}")
            self._fit(as_of, files)
        scored = pd.read_parquet(files["parquet"])
        label, score, day = (scored.pop(name).to_numpy() for name in SCORED)
        held_out = HeldOut(label, score, day, scored[self.spec.monitoring.slices], self._walk_forward(as_of, report))
        return Champion(
            as_of,
            Model(xgboost.Booster(model_file=files["ubj"]), Encoding.from_json(files["json"].read_text())),
            held_out,
            measure_all(self.spec.target.task, held_out.label, held_out.score, held_out.day),
        )

    def _walk_forward(self, as_of: datetime, report: Callable[[str], None]) -> Scored:
        """Held-out rows of this champion and of those of the month ends before it, as far as there are rows."""
        ends = [
            pd.Timestamp(as_of) - pd.DateOffset(months=back) for back in range(self.spec.training.walk_forward_windows)
        ]
        frames = []
        for end in [one.to_pydatetime() for one in ends if one.to_pydatetime() >= FIRST_HELD_OUT_END]:
            files = self._files(end)
            if not files["parquet"].exists():
                report(f"scoring the month before {end:%F}")
                self._fit(end, files)
            frames.append(pd.read_parquet(files["parquet"], columns=list(SCORED)))
        together = pd.concat(frames, ignore_index=True)
        return Scored(*(together[name].to_numpy() for name in SCORED))

    def _files(self, as_of: datetime) -> dict[str, Path]:
        return {kind: self.kept / f"champion-{as_of:%Y-%m}.{kind}" for kind in ("ubj", "json", "parquet")}

    def _fit(self, as_of: datetime, files: Mapping[str, Path]) -> None:
        training = self.spec.training.model_copy(update={"baselines": []})
        spec = self.spec.model_copy(update={"training": training})
        known = [rows for part, rows in self.months.items() if span_of(part).end <= as_of]
        rows = model_rows(spec, pd.concat(known, ignore_index=True), as_of).labelled()
        with contextlib.redirect_stdout(io.StringIO()):
            held_out = hold_out(spec, split_of(spec, as_of), rows)
            fitted = refit(spec, rows, held_out.stopped.rounds)
        scores = held_out.scores["candidate"].astype("float64")
        scored = held_out.rows.features.assign(label=held_out.rows.label, score=scores, day=held_out.rows.day)
        scored.to_parquet(files["parquet"])
        files["json"].write_text(fitted.encoding.to_json())
        fitted.booster.save_model(files["ubj"])

    def with_fault(self, fault: Fault, start: pd.Timestamp, windows: int) -> "Year":
        """The months from the start on, as many as there are windows, with the fault; the rest as it was."""
        parts = [part for part in self.months if f"{start:%Y-%m}" <= part][:windows]
        faulty = fault.inject(pd.concat([self.months[part] for part in parts], ignore_index=True), start)
        own = faulty[TIME].dt.strftime("%Y-%m")
        clean = self.declaring(fault)
        months = {**clean.months, **{part: faulty[own == part].reset_index(drop=True) for part in parts}}
        return replace(clean, months=months, faulty=frozenset(parts))

    def declaring(self, fault: Fault) -> "Year":
        """The year without the fault, its labels as late as the spec then declares."""
        if fault.label_delay is None:
            return self
        monitoring = self.spec.monitoring.model_copy(update={"label_delay": fault.label_delay})
        months = {part: fault.inject(rows, NEVER) for part, rows in self.months.items()}
        return replace(self, spec=self.spec.model_copy(update={"monitoring": monitoring}), months=months)

    def window(self, champion: Champion, part: str, as_of: datetime | None = None) -> Window:
        """As of its own end, unless another time is given."""
        interval = span_of(part)
        as_of = as_of or interval.end
        rows, before = (self._rows([one], as_of) for one in (part, part_before(part)))
        return Window(part, interval, as_of, rows, champion.model.score(rows.features), before)

    def compared_with(self, champion: Champion, part: str) -> ReferenceSpans:
        return reference_spans(self.spec, self.store, champion.as_of, span_of(part))

    def reference(self, champion: Champion, chosen: ReferenceSpans, as_of: datetime) -> Reference:
        return Reference(
            version=version_of(champion),
            trained_until=champion.as_of,
            since=champion.as_of,
            rows=self._rows(parts_of(chosen), as_of),
            held_out=champion.held_out,
            metrics=champion.metrics,
            importances=importances(champion.model.booster),
            in_season=chosen.in_season,
        )

    def feature_times(self, parts: Sequence[str]) -> pd.DataFrame:
        """When the rows were predicted, and what time each view's values are of."""
        columns = [PREDICT_AT, *(view.time_column for view in aging_views(self.spec))]
        return pd.concat([self.months[part][columns] for part in parts], ignore_index=True)

    def _rows(self, parts: Sequence[str], as_of: datetime) -> Rows:
        return model_rows(self.spec, pd.concat([self.months[part] for part in parts], ignore_index=True), as_of)


def cost(clean: Year, faulty: Year, champion: Champion, part: str, start: pd.Timestamp) -> Cost:
    """Of the rows after the start in that window; labels as they finally came."""
    sides = []
    for year in (clean, faulty):
        rows = year.months[part][lambda frame: frame[TIME] >= start]
        label = label_of(rows[year.spec.target.column], year.spec.target)
        scored = pd.DataFrame({"score": champion.model.score(rows).astype("float64"), "label": label})
        sides.append(scored.set_index(rows[KEY].to_numpy()))
    auc = [
        value_of("auc", known["label"].to_numpy(), known["score"].to_numpy()) for known in (s.dropna() for s in sides)
    ]
    paired = sides[0].join(sides[1], rsuffix="_faulty", how="inner")
    moved = float((paired["score_faulty"] - paired["score"]).abs().mean())
    means = [float(side["score"].mean()) for side in sides]
    return Cost(auc[0] - auc[1], max(moved, abs(means[1] - means[0])))


def version_of(champion: Champion) -> int:
    return champion.as_of.month


def span_of(part: str) -> Interval:
    return partition_interval(part, "month")


def parts_of(chosen: ReferenceSpans) -> list[str]:
    return [f"{span.start:%Y-%m}" for span in chosen.spans]


def part_before(part: str) -> str:
    return f"{pd.Timestamp(span_of(part).start) - pd.DateOffset(months=1):%Y-%m}"
