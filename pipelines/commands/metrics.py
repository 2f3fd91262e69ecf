"""The state of every model, for Prometheus."""

import argparse

from pipelines.commands import new_file
from pipelines.errors import EXIT_DONE, CallerError

SUMMARY = "the state of every model in Prometheus' text format: printed, as a file, or served"
EXAMPLE = "python -m pipelines metrics --textfile /var/lib/node_exporter/trainyard.prom"


def add_arguments(command: argparse.ArgumentParser) -> None:
    where = command.add_mutually_exclusive_group()
    where.add_argument("--textfile", type=new_file, help="write there at once, for node_exporter's textfile collector")
    where.add_argument("--port", type=int, help="serve /metrics there until interrupted, read anew for every scrape")
    command.add_argument("--address", default="127.0.0.1", help="to serve on (127.0.0.1)")


def run(options: argparse.Namespace) -> int:
    from prometheus_client import generate_latest, start_http_server, write_to_textfile

    from pipelines.environment import backups_uri, store_uri
    from pipelines.prometheus import registry
    from pipelines.prometheus_machine import MachineCollector
    from pipelines.spec import load_datasets, sound_models
    from pipelines.store import Store

    store = Store(store_uri())
    found = registry(store, sound_models().values(), load_datasets())
    if options.textfile is not None:
        write_to_textfile(str(options.textfile), found)
    elif options.port is not None:
        # Of a textfile's machine, node_exporter tells itself.
        backups = backups_uri()
        found.register(MachineCollector(store, Store(backups) if backups else None))
        try:
            server, thread = start_http_server(options.port, options.address, found)
        except (OSError, OverflowError) as error:
            raise CallerError(
                f"Cannot serve on {options.address}:{options.port}: {error}. Give a free --port and an own --address"
            ) from error
        print(f"http://{options.address}:{server.server_port}/metrics", flush=True)
        thread.join()
    else:
        print(generate_latest(found).decode(), end="")
    return EXIT_DONE
