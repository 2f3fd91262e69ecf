"""The cluster as a process of its own, as the one-machine stack starts it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.kube.answers import until
from tests.kube.cluster import ClusterAccess
from tests.kube.cluster.container_environment import REPOSITORY
from tests.kube.cluster.lives import read_lives
from tests.kube.manifests import shell

pytestmark = pytest.mark.slow


class Server:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "tests.kube.cluster", f"--folder={folder}", "--config-map-env=GREETING=hello"]
        self.process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        self.cluster = ClusterAccess(Path(self.said()), "trainyard")
        assert self.said().startswith("ready: ")

    def said(self) -> str:
        return self.process.stdout.readline().strip()

    def started(self, name: str, script: str) -> list[str]:
        """The words that the pod says first."""
        manifest = shell(name, script)
        manifest["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "trainyard-steps"}}]
        self.cluster.create_pod(manifest)
        self.cluster.wait_phase(name, "Running")
        return until(lambda: self.cluster.log(name)).split()

    def folders(self) -> list[str]:
        """Of pods, by the names of these."""
        return sorted(path.name.rpartition("-")[0] for path in (self.folder / "pods").glob("*"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    with server.process:
        yield server
        server.process.terminate()


def test_it_ends_what_it_ran_and_leaves_when_each_lived(server):
    # The API writes $$ for a $.
    greeting, pid = server.started("long", 'echo "$GREETING" $$$$; trap "" TERM; sleep 100')
    assert greeting == "hello" and psutil.pid_exists(int(pid))
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    assert not psutil.pid_exists(int(pid))
    (life,) = read_lives(server.folder / "lives.json")
    assert (life.name, life.pid) == ("long", int(pid)) and life.started_at < life.ended_at
    assert server.folders() == []


def test_the_folder_of_a_pod_goes_with_its_object(server):
    for name in ("stays", "goes"):
        server.started(name, "echo up; sleep 100")
    assert server.folders() == ["goes", "stays"]
    server.cluster.delete("goes")
    server.cluster.wait_gone("goes")
    assert until(lambda: server.folders() == ["stays"])


def test_a_signal_restarts_its_api_while_pods_go_on(server):
    (pid,) = server.started("steady", "echo $$$$; sleep 100")
    server.process.send_signal(signal.SIGUSR1)
    until(lambda: refuses(server.cluster))
    assert psutil.pid_exists(int(pid))
    assert server.said().startswith("the API was restarted at http://127.0.0.1:")
    assert [pod.metadata.name for pod in server.cluster.pods()] == ["steady"]
    assert server.cluster.log("steady").split() == [pid]


def refuses(cluster: ClusterAccess) -> bool:
    try:
        cluster.pods()
    except Exception as error:
        return "refused" in str(error)
    return False
