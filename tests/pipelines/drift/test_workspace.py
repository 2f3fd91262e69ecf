import os

import pytest
from evidently.ui.workspace import Workspace

from pipelines.__main__ import main
from pipelines.drift.page import draw
from pipelines.drift.workspace import build_workspace, parts_with_snapshots
from pipelines.drift.workspace_server import Pages
from pipelines.errors import EXIT_DONE, MissingInput
from pipelines.layout import drift_report, drift_snapshot
from pipelines.store import Store
from tests.pipelines.drift.made_windows import made_reference, made_rows, made_window
from tests.pipelines.drift.test_page import SPEC, report


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = Store(str(tmp_path_factory.mktemp("store")))
    page = draw(SPEC, made_reference(), made_window(made_rows()), report())
    for part in ("2013-05", "2013-04"):
        made.write_file(drift_snapshot("flight_delay", part), page.snapshot)
        made.write_file(drift_report("flight_delay", part), report().to_json().encode())
    return made


def test_the_workspace_has_all_windows_of_the_model_and_how_they_went(store, tmp_path):
    assert build_workspace(store, "flight_delay", tmp_path) == ["2013-04", "2013-05"]
    workspace = Workspace.create(str(tmp_path))
    (project,) = workspace.list_projects()
    runs = [workspace.get_run(project.id, run) for run in workspace.list_runs(project.id)]
    assert sorted(run.name for run in runs) == ["2013-04", "2013-05"]
    assert runs[0].metadata["sentence"] == "Nothing is beyond its threshold."
    panels = {panel.title: panel.values for panel in project.dashboard.model().panels}
    assert [value.metric_labels["column"] for value in panels["PSI of what moved most"]] == ["distance_mi"]


def test_building_it_again_replaces_the_model_and_keeps_the_others(store, tmp_path):
    Workspace.create(str(tmp_path)).create_project("another")
    for _ in range(2):
        build_workspace(store, "flight_delay", tmp_path)
    projects = Workspace.create(str(tmp_path)).list_projects()
    assert sorted(project.name for project in projects) == ["another", "flight_delay"]


def test_without_a_snapshot_the_next_command_is_told(tmp_path):
    assert parts_with_snapshots(Store(str(tmp_path)), "flight_delay") == []
    with pytest.raises(MissingInput, match="Backfill flight_delay__monitor"):
        build_workspace(Store(str(tmp_path)), "flight_delay", tmp_path / "evidently")


def test_the_command_builds_it_and_starts_nothing_when_so_asked(store, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRAINYARD_STORE", store.uri)
    assert main(["evidently", "flight_delay", "--folder", str(tmp_path), "--build-only"]) == EXIT_DONE
    assert capsys.readouterr().out == f"workspace {tmp_path}: flight_delay, 2 windows, 2013-04 to 2013-05\n"


def test_the_command_serves_this_machine_alone_and_reports_to_nobody(store, tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINYARD_STORE", store.uri)
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    served = []
    monkeypatch.setattr("pipelines.drift.workspace_server.serve", lambda pages, *where: served.append((pages, *where)))
    assert main(["evidently", "flight_delay", "--folder", str(tmp_path), "--port", "8123"]) == EXIT_DONE
    ((pages, *where),) = served
    assert where == ["127.0.0.1", 8123, None] and pages.models == ["flight_delay"]
    assert os.environ["DO_NOT_TRACK"] == "1"


def test_windows_that_come_later_are_shown_without_building_anew_what_stays(store, tmp_path, monkeypatch):
    built = []
    monkeypatch.setattr("pipelines.drift.workspace_server.build_workspace", lambda *words: built.append(words[1]) or [])
    pages = Pages(store, ["arrival_minutes", "flight_delay"], tmp_path / "pages")
    pages.shown["flight_delay"] = ["2013-04"]
    pages.build_new()
    assert built == ["flight_delay"], "it has a second window now, and the other model none"
    pages.shown["flight_delay"] = ["2013-04", "2013-05"]
    pages.build_new()
    assert built == ["flight_delay"]


def test_without_a_folder_the_workspace_lies_in_the_home(store, home, monkeypatch):
    monkeypatch.setenv("TRAINYARD_STORE", store.uri)
    assert main(["evidently", "flight_delay", "--build-only"]) == EXIT_DONE
    assert Workspace.create(str(home / "evidently")).search_project("flight_delay")
