"""The change of declarations as Markdown: what changes, and what that causes."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from pipelines.errors import CallerError, SpecError
from pipelines.spec_diff.change import Change
from pipelines.spec_diff.datasets import dataset_changes
from pipelines.spec_diff.effects import effects
from pipelines.spec_diff.models import model_changes
from pipelines.spec_diff.tree import Declarations, commit_of, declarations, tree_at

SHOWN_COMMIT = 12


def changes_since(repository: Path, ref: str) -> list[Change]:
    """From where the working tree left `ref` to the working tree.

    Raises SpecError for declarations that are not right, CallerError for a ref that git does not know.
    """
    after = declarations(repository)
    return changes(declared_at(repository, ref), after)


def declared_at(repository: Path, ref: str) -> Declarations:
    """Where the working tree left `ref`. Raises CallerError where the code of today cannot read it."""
    with tree_at(repository, ref) as tree:
        try:
            return declarations(tree)
        except SpecError as error:
            raise CallerError(f"The declarations at {ref} are not right by the code of today: {error}") from error


def changes(before: Declarations, after: Declarations) -> list[Change]:
    return [*dataset_changes(before, after), *model_changes(before, after)]


def page(repository: Path, ref: str) -> str:
    found = changes_since(repository, ref)
    commit = commit_of(repository, ref)[:SHOWN_COMMIT]
    return "\n".join(_lines(f"{ref} ({commit})" if not ref.startswith(commit) else commit, found))


def affected_models(repository: Path, ref: str) -> list[str]:
    """Those that the change can make other predictions of: they, their dataset, or its code."""
    found = {change.subject for change in changes_since(repository, ref)}
    models = declarations(repository).models.values()
    return sorted(m.name for m in models if {f"model {m.name}", f"dataset {m.dataset}"} & found)


def _lines(base: str, found: Sequence[Change]) -> Iterator[str]:
    yield f"## What changes in the declarations since {base}"
    if not found:
        yield from ("", "Nothing: no spec, feature, expectation or source differs.")
    loosened = sum(change.direction == "loosens" for change in found)
    if loosened:
        yield from ("", f"**{loosened} of {len(found)} changes let more through than before.**")
    for subject, group in groupby(found, key=lambda change: change.subject):
        own = list(group)
        yield from ("", f"### {subject}", "")
        yield from (f"- {_worded(change)}" for change in own)
        caused = list(effects(subject, own))
        if caused:
            yield from ("", "Which causes:", "", *(f"- {text}" for text in caused))


def _worded(change: Change) -> str:
    return f"**loosens**: {change.text}" if change.direction == "loosens" else f"{change.direction}: {change.text}"
