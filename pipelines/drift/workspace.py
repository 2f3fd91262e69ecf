"""Evidently's own workspace of a model: its snapshots of all windows, and how they went over time."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pipelines.drift.report import DriftReport
from pipelines.errors import MissingInput
from pipelines.layout import drift_report, drift_snapshot
from pipelines.store import Store

if TYPE_CHECKING:  # Evidently takes seconds to import
    from evidently.sdk.models import DashboardPanelPlot, PanelMetric

SNAPSHOT_SUFFIX = ".snapshot.json"
# Lines that an eye tells apart.
COLUMNS = 8


def build_workspace(store: Store, model: str, folder: Path) -> list[str]:
    """Put the stored snapshots of all windows into the workspace, in place of what it had of the model.

    folder: made if it is not there; other models in it stay. Returns the parts, oldest first. Raises MissingInput
    when no window has a snapshot.
    """
    from evidently.core.report import Snapshot
    from evidently.ui.workspace import Workspace

    parts = parts_with_snapshots(store, model)
    if not parts:
        raise MissingInput(
            f"{model}: no drift report has an Evidently snapshot in {store.uri}. "
            f"Backfill {model}__monitor over the windows that you want to see, with --reprocess completed"
        )
    folder.mkdir(parents=True, exist_ok=True)
    workspace = Workspace.create(str(folder))
    for earlier in workspace.search_project(model):
        workspace.delete_project(earlier.id)
    project = workspace.create_project(model, f"Drift of {model}: drawn from samples; Trainyard's own tests decide.")
    for part in parts:
        snapshot = Snapshot.loads(store.read_file(drift_snapshot(model, part)).decode())
        workspace.add_run(project.id, snapshot, name=part)
    for tab, panel in _panels(_moved_most(store, model, parts)):
        project.dashboard.add_panel(panel, tab=tab)
    return parts


def parts_with_snapshots(store: Store, model: str) -> list[str]:
    """Oldest first."""
    folder = str(PurePosixPath(drift_snapshot(model, "any")).parent)
    names = [PurePosixPath(path).name for path in store.files_below(folder)]
    return sorted(name.removesuffix(SNAPSHOT_SUFFIX) for name in names if name.endswith(SNAPSHOT_SUFFIX))


def _moved_most(store: Store, model: str, parts: Iterable[str]) -> list[str]:
    """The columns that the reports name most often, then those that weigh most."""
    often: dict[str, tuple[int, float]] = {}
    for part in parts:
        if store.exists(drift_report(model, part)):
            for one in DriftReport.from_json(store.read_file(drift_report(model, part))).attribution.moved:
                times, weight = often.get(one.feature, (0, 0.0))
                often[one.feature] = (times + 1, max(weight, one.weight))
    return sorted(often, key=lambda name: (-often[name][0], -often[name][1], name))[:COLUMNS]


def _panels(columns: list[str]) -> "list[tuple[str, DashboardPanelPlot]]":
    from evidently.sdk.panels import line_plot_panel

    return [
        ("Inputs", line_plot_panel("Columns with a PSI above 0.2", [_metric("DriftedColumnsCount", legend="share")])),
        *(
            [("Inputs", line_plot_panel("PSI of what moved most", [_drift(name) for name in columns]))]
            if columns
            else []
        ),
        ("Predictions", line_plot_panel("PSI of the predictions", [_drift("score")])),
        ("Quality", line_plot_panel("Quality", [_metric(name, legend=name) for name in ("RocAuc", "LogLoss")])),
    ]


def _drift(column: str) -> "PanelMetric":
    return _metric("ValueDrift", legend=column, column=column)


def _metric(name: str, legend: str, **labels: str) -> "PanelMetric":
    from evidently.sdk.models import PanelMetric

    shown = {"value_type": "share"} if name == "DriftedColumnsCount" else {}
    return PanelMetric(legend=legend, metric=name, metric_labels={**labels, **shown})
