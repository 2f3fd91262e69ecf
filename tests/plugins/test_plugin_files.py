"""What Airflow's loader of plugins finds: it runs each file in every component, under its bare name."""

from pathlib import Path

from airflow._shared.module_loading import find_path_from_directory

from tests.architecture.code import REPOSITORY


def test_airflow_runs_one_file_of_ours():
    found = find_path_from_directory(str(REPOSITORY / "plugins"), ".airflowignore", "glob")
    assert [Path(path).name for path in found if path.endswith(".py")] == ["airflow_plugin.py"]
