"""The model card of a release."""

import argparse
from pathlib import Path

from pipelines.errors import EXIT_DONE

SUMMARY = "the model card of a release, from its record: in Markdown, or as files"
EXAMPLE = "python -m pipelines card flight_delay 3 --write cards"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("version", type=int, nargs="?", help="the newest champion if left out")
    command.add_argument("--write", metavar="FOLDER", help="write MODEL-vVERSION.md and .html there instead")


def run(options: argparse.Namespace) -> int:
    from pipelines.champions import in_force_at, withdrawals
    from pipelines.environment import store_uri
    from pipelines.errors import MissingInput
    from pipelines.journal import everything
    from pipelines.release.releases import release_of
    from pipelines.report.card import as_html, as_markdown, card
    from pipelines.spec import find_model
    from pipelines.store import Store

    store, version = Store(store_uri()), options.version
    said = everything(store)
    if version is None:
        champion = in_force_at(said, find_model(options.model).name)
        if champion is None:
            raise MissingInput(f"{options.model}: no version is in force; name a version whose card you want")
        version = champion.version
    found = card(release_of(store, options.model, version), withdrawals(said, options.model).get(version))
    if options.write is None:
        print(as_markdown(found))
        return EXIT_DONE
    folder = Path(options.write)
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, content in ((".md", as_markdown(found)), (".html", as_html(found))):
        path = folder / f"{options.model}-v{version}{suffix}"
        path.write_text(content, encoding="utf-8")
        print(f"card {path}")
    return EXIT_DONE
