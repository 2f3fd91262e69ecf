"""What the tests of the loop share: who disturbs it, and by what two stores are compared."""

import json
import os
import signal
import threading
from abc import abstractmethod
from pathlib import Path

from deltalake import DeltaTable

from embedded import stack
from pipelines.airflow_rest import Airflow
from pipelines.airflow_session import Session

MONTHS = 4
POLL_S = 0.1


class Disturbance(threading.Thread):
    """Looks at the steps that run, and does once each what it has planned for them; `done` names it in order."""

    def __init__(self, running: stack.Running) -> None:
        super().__init__(daemon=True)
        self.running = running
        self.done: list[str] = []
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(POLL_S):
            self.look()

    @abstractmethod
    def look(self) -> None: ...

    def pid_of(self, service: str) -> int:
        return int(stack.read_state(self.running.home)["services"][service]["pid"])

    def kill(self, service: str) -> None:
        os.kill(self.pid_of(service), signal.SIGKILL)

    def __enter__(self) -> "Disturbance":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()


def airflow_of(running: stack.Running) -> Airflow:
    return Airflow(session_of(running))


def session_of(running: stack.Running) -> Session:
    return Session(running.airflow_url, "admin", running.password)


def digests(store: Path) -> dict[str, str]:
    """What each step wrote, by digest; names hold no version numbers, which depend on who came first."""
    candidates = {
        path.name: json.loads(path.read_text()) for path in (store / "candidates/flight_delay").glob("2*.json")
    }
    return {
        **{p.name: json.loads(p.read_text())["files"] for p in (store / "features/flights/_manifests").glob("*.json")},
        **{p.name: p.read_bytes().hex()[:64] for p in (store / "joined/flights").glob("*.parquet")},
        **{f"model {name}": found["model_digest"] for name, found in candidates.items()},
        **{f"training {name}": found["training_set"] for name, found in candidates.items()},
        **{f"scores {name}": found["scores_digest"] for name, found in candidates.items()},
        **{
            f"predictions {path.stem}": json.loads(path.read_text())["digest"]
            for path in (store / "predictions_manifests/flight_delay").glob("*.json")
        },
        **{
            f"drift {path.stem}": json.loads(path.read_text())
            for path in (store / "drift/flight_delay").glob("????-??.json")
        },
    }


def differences(ours: Path, theirs: Path) -> set[str]:
    """Names of what our store has and theirs, of the same months or more, has otherwise or not at all."""
    known = digests(theirs)
    return {name for name, digest in digests(ours).items() if known.get(name) != digest}


def row_counts(store: Path) -> dict[str, int]:
    """Rows of every Delta table."""
    tables = sorted(log.parent for log in store.rglob("_delta_log"))
    return {str(table.relative_to(store)): DeltaTable(table).to_pyarrow_dataset().count_rows() for table in tables}
