"""The state of every model, for Prometheus."""

import argparse
from pathlib import Path

from pipelines.errors import EXIT_DONE

SUMMARY = "the state of every model in Prometheus' text format: printed, as a file, or served"
EXAMPLE = "python -m pipelines metrics --textfile /var/lib/node_exporter/trainyard.prom"


def add_arguments(command: argparse.ArgumentParser) -> None:
    where = command.add_mutually_exclusive_group()
    where.add_argument("--textfile", type=Path, help="write there at once, for node_exporter's textfile collector")
    where.add_argument("--port", type=int, help="serve /metrics there until interrupted, read anew for every scrape")
    command.add_argument("--address", default="127.0.0.1", help="to serve on (127.0.0.1)")


def run(options: argparse.Namespace) -> int:
    from prometheus_client import generate_latest, start_http_server, write_to_textfile

    from pipelines.environment import store_uri
    from pipelines.prometheus import registry
    from pipelines.spec import sound_models
    from pipelines.store import Store

    found = registry(Store(store_uri()), sound_models())
    if options.textfile is not None:
        write_to_textfile(str(options.textfile), found)
    elif options.port is not None:
        server, thread = start_http_server(options.port, options.address, found)
        print(f"http://{options.address}:{server.server_port}/metrics", flush=True)
        thread.join()
    else:
        print(generate_latest(found).decode(), end="")
    return EXIT_DONE
