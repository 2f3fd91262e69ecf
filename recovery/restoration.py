"""Make an empty stack what a backup holds.

All contents are read and compared with their digests before anything is written. A restore that was killed is
begun again with the same backup; the journal's commits are written last, so until then no step finds a champion.
"""

import json
from collections.abc import Callable
from pathlib import Path

from pipelines.layout import JOURNAL_TABLE
from pipelines.release.provenance import code_state
from pipelines.store import Store
from recovery import database
from recovery.consistent import LOG
from recovery.errors import Damaged, NotEmpty
from recovery.manifest import Manifest, Part
from recovery.places import SPECS, Places
from recovery.tree import Folder, Tree, open_tree
from recovery.vault import Vault

MARK = "restoring.json"


def restore(
    places: Places, vault: Vault, manifest: Manifest, over: bool = False, say: Callable[[str], None] = print
) -> None:
    """over: replace whatever the target holds. Nobody may use the stack meanwhile.

    Raises Damaged before anything is written, NotEmpty with what is there.
    """
    store, artifacts = open_tree(places.store), open_tree(places.artifacts)
    say("reading the backup")
    vault.require_sound(manifest)
    if not over and not _is_begun(store, manifest):
        require_empty(places, store, artifacts)
    store.write(MARK, [json.dumps({"backup": manifest.name}).encode()])
    for name in sorted(manifest.parts["databases"]):
        say(f"the database {name.removesuffix('.sql')}")
        kept = manifest.parts["databases"][name]
        database.load(places.databases[name.removesuffix(".sql")], vault.read(kept))
    say("the artifacts")
    _fill(vault, manifest, "artifacts", artifacts)
    if places.online is not None and "online" in manifest.parts:
        _fill_online(vault, manifest, places.online)
    say("the store")
    _fill(vault, manifest, "store", store)
    _require_tables(places, manifest)
    store.delete(MARK)


def require_empty(places: Places, store: Tree, artifacts: Tree) -> None:
    """Raises NotEmpty with all that holds something."""
    full = [f"{tree.uri} has {len(files):,} files" for tree in (store, artifacts) if (files := tree.files())]
    full += [f"the database {name} has tables" for name, url in places.databases.items() if not database.is_empty(url)]
    if full:
        raise NotEmpty(
            f"The target of the restore is not empty: {'; '.join(full)}. Restore into an empty stack, or say that all "
            "this may be replaced: --over"
        )


def specs_that_differ(vault: Vault, manifest: Manifest, places: Places) -> list[str]:
    """Files of the specs, by path, that the checked-out code has otherwise, or not at all."""
    repository, then = Folder(places.repository), manifest.parts.get("specs", {})
    if manifest.code.source == code_state(places.repository).source:
        return []
    now = {path for folder in SPECS for path in repository.files(folder) if "__pycache__" not in path}
    other = [
        path
        for path, kept in then.items()
        if path in now and b"".join(repository.read(path)) != b"".join(vault.read(kept))
    ]
    return sorted({*other, *(set(then) ^ now)})


def _is_begun(store: Tree, manifest: Manifest) -> bool:
    """Whether a restore of this backup was killed here."""
    try:
        told: str = json.loads(b"".join(store.read(MARK)))["backup"]
    except FileNotFoundError:
        return False
    return told == manifest.name


def _fill(vault: Vault, manifest: Manifest, part: Part, tree: Tree) -> None:
    """Exactly the part's files, and no others; the journal's commits last."""
    wanted, found = manifest.parts.get(part, {}), tree.files()
    for path in found.keys() - wanted.keys() - {MARK}:
        tree.delete(path)
    last = f"{JOURNAL_TABLE}/{LOG}/"
    for path in sorted(wanted, key=lambda path: (path.startswith(last), path)):
        tree.write(path, vault.read(wanted[path]))


def _fill_online(vault: Vault, manifest: Manifest, online: Path) -> None:
    """Into the file's own place; what SQLite kept beside an earlier one belongs to that."""
    for beside in ("-wal", "-shm", "-journal"):
        online.with_name(online.name + beside).unlink(missing_ok=True)
    [kept] = manifest.parts["online"].values()
    Folder(online.parent).write(online.name, vault.read(kept))


def _require_tables(places: Places, manifest: Manifest) -> None:
    """Raises Damaged where a table does not stand at the version that was backed up."""
    store = Store(places.store)
    for table, version in manifest.tables.items():
        if (found := store.version(table)) != version:
            raise Damaged(f"The restored table {table} stands at version {found}, not {version}. Restore again")
