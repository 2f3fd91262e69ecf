"""Evidently's own pages of the models' drift, over all their windows."""

import argparse
from pathlib import Path

from pipelines.errors import EXIT_DONE

SUMMARY = "open Evidently's workspace of a model, or of all: their windows over time, in a browser"
EXAMPLE = "python -m pipelines evidently flight_delay --port 8001"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", nargs="?", help="all models that have windows, if left out")
    command.add_argument("--port", type=int, default=8001, metavar="N", help="where the page answers; 8001 if left out")
    command.add_argument("--address", default="127.0.0.1", help="to serve on (127.0.0.1)")
    command.add_argument("--folder", type=Path, help="of the workspace; evidently in TRAINYARD_HOME if left out")
    command.add_argument("--build-only", action="store_true", help="build the workspace and start nothing")
    command.add_argument(
        "--every", type=int, metavar="S", help="look for new windows every S seconds while the page is served"
    )


def run(options: argparse.Namespace) -> int:
    import os

    os.environ["DO_NOT_TRACK"] = "1"
    from pipelines.drift.workspace_server import Pages, serve
    from pipelines.environment import home, store_uri
    from pipelines.spec import find_model, sound_models
    from pipelines.store import Store

    models = [find_model(options.model).name] if options.model else sorted(sound_models())
    pages = Pages(Store(store_uri()), models, options.folder or home() / "evidently")
    # Of one model asked for by name, it is worth saying that it has no windows; of all, they may come.
    if options.model or options.build_only:
        pages.build_all()
    else:
        pages.build_new()
    if options.build_only:
        return EXIT_DONE
    print(f"open http://{options.address}:{options.port} (Ctrl-C ends it)", flush=True)
    serve(pages, options.address, options.port, options.every)
    return EXIT_DONE
