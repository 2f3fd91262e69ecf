"""What each step reads and writes in the store: measured, and held to the table of docs/security.md."""

import re
from collections import defaultdict

import pytest

from pipelines.candidate import candidate_of
from pipelines.champions import champions
from pipelines.errors import NothingToDo
from pipelines.flow import STEPS
from pipelines.registry import Registry
from pipelines.rollback import Request
from pipelines.steps import (
    assemble,
    decide_retrain,
    detect_drift,
    evaluate,
    featurize,
    ingest,
    materialize,
    predict,
    promote,
    rollback,
    train,
    validate,
)
from pipelines.store import Store
from tests.architecture.code import REPOSITORY
from tests.integration.small_model import SMALL
from tests.pipelines.months import APRIL, MARCH, pull

pytestmark = pytest.mark.slow
READS = (
    "read_file",
    "read_parquet",
    "open_parquet",
    "exists",
    "list_files",
    "read",
    "select",
    "parts",
    "version",
    "files_of",
)
WRITES = ("write_file", "replace_partition", "commit_after", "delete")


class Watched(Store):
    """A store that knows below which of its first folders it was read and written."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self.read_below: set[str] = set()
        self.written_below: set[str] = set()


def _watched(name: str, where: str):
    def call(self, place, *rest, **named):
        for path in [place] if isinstance(place, str) else place:
            getattr(self, where).add(path.partition("/")[0])
        return getattr(Store, name)(self, place, *rest, **named)

    return call


for _name in READS:
    setattr(Watched, _name, _watched(_name, "read_below"))
for _name in WRITES:
    setattr(Watched, _name, _watched(_name, "written_below"))


def table() -> dict[str, dict[str, set[str]]]:
    """The table of rights: by step, the folders that it reads and writes."""
    text = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if len(cells) == 5 and cells[0].strip("`") in {step.name for step in STEPS}:
            reads, writes = ({*re.findall(r"`([a-z_]+)/?`", cell)} for cell in cells[1:3])
            found[cells[0].strip("`")] = {"reads": reads, "writes": writes, "mlflow": cells[3], "feast": cells[4]}
    return found


def test_the_table_has_every_step_in_order():
    assert list(table()) == [step.name for step in STEPS]


@pytest.fixture(scope="module")
def used(joined_home, released_home, year, flights, mlflow_server, tmp_path_factory):
    """By step: the store as it was used, when the steps ran one after the other."""
    import shutil

    from tests.conftest import use_home

    home, registry = tmp_path_factory.mktemp("rights") / "home", Registry(mlflow_server.uri)
    shutil.copytree(released_home / "store", home / "store")
    ran: dict[str, Watched] = {}
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_home(monkeypatch, home)

        def run(name, step, *arguments):
            store = Watched(str(home / "store"))
            ran[name] = store
            step.run(*arguments, store, *([registry] if name in NEEDS_MLFLOW else []))

        run("ingest", ingest, flights, APRIL)
        pull(Store(str(home / "store")), year, APRIL)
        for name, step in (("validate", validate), ("featurize", featurize), ("materialize", materialize)):
            run(name, step, flights, APRIL)
        for name, step in (("assemble", assemble), ("train", train), ("evaluate", evaluate), ("promote", promote)):
            run(name, step, SMALL, MARCH)
        run("predict", predict, SMALL, APRIL)
        run("detect_drift", detect_drift, SMALL, APRIL)
        run("decide_retrain", decide_retrain, SMALL, APRIL)
        run("rollback", rollback, SMALL, Request("of the test", "ada"))
        assert candidate_of(
            Store(str(home / "store")), SMALL.name, champions(Store(str(home / "store")), SMALL.name)[-1].version
        )
    return ran


NEEDS_MLFLOW = ("train", "evaluate", "promote", "predict", "detect_drift", "rollback")


def test_no_step_writes_where_the_table_gives_it_no_right(used):
    found = defaultdict(list)
    for name, store in used.items():
        wrong = store.written_below - table()[name]["writes"]
        unused = table()[name]["writes"] - store.written_below
        if wrong:
            found[name].append(f"writes below {sorted(wrong)}")
        if unused - OF_OTHER_CASES.get(name, set()):
            found[name].append(f"never writes below {sorted(unused)}")
        if unread := store.read_below - table()[name]["reads"] - table()[name]["writes"]:
            found[name].append(f"reads below {sorted(unread)}")
    assert not found, f"correct the table of rights in docs/security.md: {dict(found)}"


# What a run of the test does not come to: a contract that is broken, a training that is interrupted, a first join.
OF_OTHER_CASES = {
    "validate": {"quarantine"},
    "train": {"checkpoints"},
    "predict": {"joined"},
    "detect_drift": {"joined"},
}
EXPECTED_ERRORS = NothingToDo
