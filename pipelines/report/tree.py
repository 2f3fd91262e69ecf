"""The lineage of a prediction as a tree in the terminal."""

from typing import Any

from rich.markup import escape
from rich.tree import Tree

from pipelines.approval import SAID, Answer

NOBODY_ASKED = "no person was asked: the gates decided"
SHOWN_DIGEST = 12
STATE_COLOURS = {"valid": "green", "tampered": "red", "void": "red", "superseded": "yellow"}


def tree(found: dict[str, Any]) -> Tree:
    """Of what `pipelines.release.lineage.trace` says."""
    said = found["prediction"]
    colour = STATE_COLOURS[said["state"]]
    root = Tree(
        f"[bold]{escape(said['key'])}[/bold]: {said['score']:.4f} by {found['model']} version {said['model_version']}, "
        f"as of {_time(said['predicted_as_of'])} [{colour}]{said['state']}[/{colour}]"
    )
    if said["why"]:
        root.add(f"[{colour}]{escape(said['why'])}[/{colour}]")
    features = root.add(f"features known at {_time(said['predicted_as_of'])}")
    for view, at in said["features_of"].items():
        features.add(f"{view}: {'none young enough' if at is None else f'of {_time(at)}'}")
    _partition(root.add("scored from"), found["scored_from"])
    _release(root, found["release"], found["training_set"])
    return root


def _release(root: Tree, release: dict[str, Any], training: dict[str, Any]) -> None:
    branch = root.add(
        f"release: version {release['version']} as of {release['as_of'][:10]}, record {_short(release['record'])}, "
        f"model {_short(release['model_digest'])}, {release['rounds']} rounds"
    )
    rows = branch.add(f"training set {_short(training['digest'])}: {training['rows']:,} rows of {training['dataset']}")
    for partition in training["partitions"]:
        _partition(rows, partition)
    judged = branch.add(escape(f"evaluation: {judged_of(release)}"))
    judged.add(escape(release["evaluation"]["page"]))
    branch.add(f"code: {code_of(release['code'])}")
    branch.add(f"promotion: {promotion_of(release['promotion'])}")
    branch.add(f"approval: {escape(approval_of(release['approval']))}")


def judged_of(release: dict[str, Any]) -> str:
    return f"{release['evaluation']['verdict']}, {release['evaluation']['sentence']}"


def code_of(code: dict[str, Any] | None) -> str:
    """The commit, or why there is none; and whether files had been changed since."""
    if code is None:
        return "not recorded"
    named = f"commit {code['commit']}" if code["commit"] else f"no commit ({code['why']})"
    changed = ", with changes that were not committed" if code["dirty"] else ""
    return f"{named}{changed}, source files {_short(code['source'])}"


def promotion_of(promotion: dict[str, Any] | None) -> str:
    return "none" if promotion is None else f"in force from {promotion['effective_from'][:10]}"


def approval_of(approval: dict[str, Any] | None) -> str:
    if approval is None:
        return NOBODY_ASKED
    # A journalled answer has its word; the copy that a promotion carries says only whether it was an override.
    answer: Answer = approval.get("answer") or ("override" if approval["override"] else "approve")
    note = f": {approval['note']}" if approval.get("note") else ""
    return f"{SAID[answer]} by {approval['by']} at {_time(approval['at'])}{note}"


def _partition(parent: Tree, partition: dict[str, Any]) -> None:
    joined, checked = partition["joined"], partition["validation"]
    branch = parent.add(
        f"{partition['partition']}: joined {_short(joined['digest'])}"
        + ("" if joined["path"] else " (the file is gone)")
    )
    for name, rows in partition["tables"].items():
        branch.add(f"{name}@{rows['version']}: {rows['rows']:,} rows {_short(rows['digest'])}")
    branch.add(f"source: {partition['source']}")
    told = f"; {'; '.join(checked['reasons'])}" if checked["reasons"] else ""
    branch.add(escape(f"validation: {checked['status']}{told}" + (f", {checked['page']}" if checked["page"] else "")))


def _short(digest: str) -> str:
    return digest[:SHOWN_DIGEST]


def _time(moment: str) -> str:
    return f"{moment[:16].replace('T', ' ')} UTC"
