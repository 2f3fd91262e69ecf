"""The command line: python -m recovery backup|list|verify|restore, on servers that the environment names."""

import argparse
import os
import sys
import time

from pipelines.environment import setting
from pipelines.errors import EXIT_DONE, CallerError, TrainyardError
from recovery.backup import take
from recovery.lock import only_one
from recovery.manifest import Manifest
from recovery.places import Places
from recovery.restoration import restore, specs_that_differ
from recovery.vault import Vault, open_vault

COMMANDS = ("backup", "list", "verify", "restore")
BACKUPS = "TRAINYARD_BACKUPS"
TEACHING = """\
Backups of a stack: its databases, store, MLflow's artifacts, Feast and the specs; no secret is among them.
The addresses come from the environment: TRAINYARD_DATABASE_AIRFLOW, _MLFLOW and _FEAST, TRAINYARD_STORE,
TRAINYARD_ARTIFACTS, and TRAINYARD_BACKUPS, a folder or s3://bucket/prefix. On the one-machine stack: make backup.
See docs/recovery.md.
"""


def parser(prog: str = "python -m recovery") -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog=prog, description=TEACHING, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="|".join(COMMANDS))
    backup = commands.add_parser("backup", help="take a backup; what the last one has is not copied again")
    backup.add_argument("--full", action="store_true", help="read everything, and mend damaged contents of the backups")
    backup.add_argument("--keep", type=_count, metavar="N", help="delete all backups but the newest N afterwards")
    commands.add_parser("list", help="the backups, oldest first")
    verify = commands.add_parser("verify", help="read all contents of a backup and compare them with their digests")
    restored = commands.add_parser("restore", help="make an empty stack what a backup holds")
    restored.add_argument("--over", action="store_true", help="replace what the stack holds")
    for command in (verify, restored):
        command.add_argument("--backup", metavar="NAME", help="as `list` names it; the newest one if left out")
    for command in commands.choices.values():
        command.add_argument("--at", metavar="URI", help=f"where the backups lie; {BACKUPS} if left out")
    return made


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of backups. Allowed: 1 and more")
    return int(text)


def run(options: argparse.Namespace, places: Places, at: str) -> int:
    """Carry one command out on those places."""
    began, vault = time.perf_counter(), open_vault(at)
    if options.command == "backup":
        manifest = take(places, at, options.full, options.keep)
        print(f"{told(manifest)}; {manifest.new_bytes:,} bytes new, in {time.perf_counter() - began:.1f} s")
    elif options.command == "list":
        print("\n".join(told(vault.manifest(name)) for name in vault.names()) or f"no backup in {at}")
    elif options.command == "verify":
        manifest = chosen(vault, options.backup)
        vault.require_sound(manifest)
        print(f"{told(manifest)}; whole, read in {time.perf_counter() - began:.1f} s")
    else:
        manifest = chosen(vault, options.backup)
        with only_one(vault.tree):
            restore(places, vault, manifest, options.over)
        print(f"restored {told(manifest)}, in {time.perf_counter() - began:.1f} s")
        print("Nothing after that time is there. Start the servers, then: python -m pipelines registry check")
        if other := specs_that_differ(vault, manifest, places):
            print(f"The code here is not that of the backup, commit {manifest.code.commit}: {', '.join(other)}")
    return EXIT_DONE


def told(manifest: Manifest) -> str:
    files = sum(len(kept) for kept in manifest.parts.values())
    return f"{manifest.name}: {files:,} files, {manifest.size:,} bytes, commit {(manifest.code.commit or '?')[:12]}"


def chosen(vault: Vault, name: str | None) -> Manifest:
    """Raises CallerError where there is no backup at all."""
    found = vault.manifest(name) if name else vault.newest()
    if found is None:
        raise CallerError(f"No backup is in {vault.tree.uri}. Take one: make backup, or make stack-backup")
    return found


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    # Dumps hold people's names and the servers' own users.
    os.umask(0o077)
    try:
        at = options.at or setting(BACKUPS, "")
        if not at:
            raise CallerError(f"Where do the backups lie? Give --at, or set {BACKUPS}: a folder or s3://bucket/prefix")
        return run(options, Places.from_environment(), at)
    except TrainyardError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
