"""The cluster as a server: `python -m tests.kube.cluster --folder F --port P --namespace trainyard`.

SIGUSR1 restarts its API: the socket is closed for three seconds, while pods go on.
"""

import argparse
import asyncio
import shutil
import signal
from pathlib import Path

from tests.kube.cluster.control_plane import ControlPlane
from tests.kube.cluster.kubeconfig import write_kubeconfig
from tests.kube.cluster.lives import write_lives
from tests.kube.cluster.server import Server

# Room for what one machine can run at a time.
QUOTA = {"pods": "50", "requests.nvidia.com/gpu": "2"}
API_DOWN_S = 3.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.kube.cluster", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for the kubeconfig and the files of the pods")
    parser.add_argument("--port", type=int, default=0, help="of the API; 0 for any free one")
    parser.add_argument("--namespace", default="trainyard")
    parser.add_argument(
        "--config-map-env",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a variable of every step, by the ConfigMap trainyard-steps",
    )
    arguments = parser.parse_args()
    for setting in arguments.config_map_env:
        if "=" not in setting:
            parser.error(f"--config-map-env takes KEY=VALUE (got {setting!r})")
    return arguments


async def serve(folder: Path, port: int, namespace: str, settings: dict[str, str]) -> None:
    """Until SIGTERM or SIGINT, which end every process of every pod; folder/lives.json then says when each lived."""
    loop, ending = asyncio.get_running_loop(), asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, ending.set)
    # Of pods whose server was killed.
    shutil.rmtree(folder / "pods", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    plane = ControlPlane(folder / "pods")
    await plane.start(port)
    restarts: list[asyncio.Task[None]] = []
    loop.add_signal_handler(signal.SIGUSR1, lambda: restarts.append(loop.create_task(_restart(plane.server))))
    try:
        plane.furnish(namespace)
        plane.create("resourcequotas", namespace, {"metadata": {"name": "trainyard"}, "spec": {"hard": QUOTA}})
        plane.create("configmaps", namespace, {"metadata": {"name": "trainyard-steps"}, "data": settings})
        plane.create("secrets", namespace, {"metadata": {"name": "trainyard-steps"}})
        print(write_kubeconfig(folder / "kubeconfig.yaml", plane.server.url, namespace).absolute(), flush=True)
        print(f"ready: a Kubernetes API at {plane.server.url}, namespace {namespace}", flush=True)
        await ending.wait()
    finally:
        for restart in restarts:
            restart.cancel()
        await plane.stop()
        write_lives(folder / "lives.json", plane.lives)


async def _restart(server: Server) -> None:
    await server.silence()
    await asyncio.sleep(API_DOWN_S)
    await server.listen()
    print(f"the API was restarted at {server.url}", flush=True)


def main() -> None:
    arguments = _arguments()
    settings = dict(setting.split("=", 1) for setting in arguments.config_map_env)
    asyncio.run(serve(arguments.folder, arguments.port, arguments.namespace, settings))


if __name__ == "__main__":
    main()
