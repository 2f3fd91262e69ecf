"""Feast's feature server over our declared views, behind a password where others reach it."""

import argparse

from pipelines.errors import EXIT_DONE

SUMMARY = "register the declared features in Feast, and serve their newest values over HTTP"
EXAMPLE = "python -m pipelines features --port 6566"
# Feast's server also writes, for whoever asks: here the step `materialize` alone does, in the order of time.
READING = ("/get-online-features", "/docs", "/openapi.json", "/docs/oauth2-redirect")


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=int, default=6566, metavar="N", help="where it answers; 6566 if left out")
    command.add_argument("--address", default="127.0.0.1", help="to serve on (127.0.0.1)")
    command.add_argument("--register-only", action="store_true", help="register the features and serve nothing")


def run(options: argparse.Namespace) -> int:
    import uvicorn
    from feast.feature_server import get_app

    from pipelines.environment import store_uri
    from pipelines.feature_store import FeatureStore, opened
    from pipelines.guard import guarded
    from pipelines.spec import load_datasets, sound_models

    for dataset in load_datasets():
        FeatureStore(dataset, sound_models().values(), store_uri()).register()
        print(f"{dataset}: registered in Feast", flush=True)
    if options.register_only:
        return EXIT_DONE
    server = get_app(opened())
    server.router.routes = [route for route in server.routes if getattr(route, "path", None) in READING]
    application = guarded(server, options.address)
    uvicorn.run(application, host=options.address, port=options.port, access_log=False, server_header=False)
    return EXIT_DONE
