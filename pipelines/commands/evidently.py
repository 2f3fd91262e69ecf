"""Evidently's own pages of a model's drift, over all its windows."""

import argparse
from pathlib import Path

from pipelines.errors import EXIT_DONE

SUMMARY = "open Evidently's workspace of a model: its windows over time, in a browser"
EXAMPLE = "python -m pipelines evidently flight_delay --port 8001"
HOST = "127.0.0.1"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("--port", type=int, default=8001, metavar="N", help="where the page answers; 8001 if left out")
    command.add_argument("--folder", type=Path, help="of the workspace; evidently in TRAINYARD_HOME if left out")
    command.add_argument("--build-only", action="store_true", help="build the workspace and start nothing")


def run(options: argparse.Namespace) -> int:
    import os
    import subprocess
    import sys

    from pipelines.drift.workspace import build_workspace
    from pipelines.environment import home, store_uri
    from pipelines.spec import find_model
    from pipelines.store import Store

    folder = options.folder or home() / "evidently"
    parts = build_workspace(Store(store_uri()), find_model(options.model).name, folder)
    print(f"workspace {folder}: {len(parts)} windows, {parts[0]} to {parts[-1]}")
    if options.build_only:
        return EXIT_DONE
    print(f"open http://{HOST}:{options.port} (Ctrl-C ends it)", flush=True)
    serve = ["ui", "--workspace", str(folder), "--host", HOST, "--port", str(options.port)]
    return subprocess.call([sys.executable, "-m", "evidently.cli", *serve], env=os.environ | {"DO_NOT_TRACK": "1"})
