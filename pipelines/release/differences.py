"""What changed between two releases: two release records held side by side, group by group."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Group = Literal["data", "features", "parameters", "code", "environment", "metrics", "gates"]
GROUPS: tuple[Group, ...] = ("data", "features", "parameters", "code", "environment", "metrics", "gates")
# As many characters of a digest as a person compares.
SHOWN_DIGEST = 12


@dataclass(frozen=True)
class Change:
    """before, after: a number, a text or a list of them; None where that release does not have the key."""

    group: Group
    key: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.key}: {_told(self.before)} -> {_told(self.after)}"


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Change]:
    """What is not the same in two release records, as JSON gives them; `one` is the earlier.

    Ordered by group, and within a group as the records list it. Table versions are not compared, for
    they count a store's commits: the rows' digests are.
    """
    changes = []
    for group in GROUPS:
        before, after = dict(_FACTS[group](one)), dict(_FACTS[group](other))
        for key in dict.fromkeys([*before, *after]):
            if before.get(key) != after.get(key):
                changes.append(Change(group, key, before.get(key), after.get(key)))
    return changes


Facts = Iterator[tuple[str, Any]]


def _of(record: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """A part of the record; empty where the release did not keep it, which a record says by null."""
    for name in path:
        record = record.get(name) or {}
    return record


def _data(record: Mapping[str, Any]) -> Facts:
    data = _of(record, "data")
    yield "dataset", _of(record, "spec").get("dataset")
    yield "source", _of(record, "dataset", "spec").get("source")
    yield "as of", record.get("as_of")
    yield "first partition", data.get("first")
    yield "last partition", data.get("last")
    yield "rows", data.get("rows")
    yield "training set", _short(data.get("training_set"))
    for part in data.get("partitions", ()):
        tables = ", ".join(f"{name} {_short(table['digest'])}" for name, table in sorted(part["tables"].items()))
        yield part["part"], f"{part['rows']:,} rows, joined {_short(part['joined']['digest'])}, {tables}"


def _features(record: Mapping[str, Any]) -> Facts:
    features = _of(record, "features")
    for name in features.get("names", ()):
        yield name, "used"
    yield "declarations", _short(features.get("declarations"))
    yield "code that builds them", _short(features.get("code"))


def _parameters(record: Mapping[str, Any]) -> Facts:
    spec = _of(record, "spec")
    yield from _flat("target", spec.get("target", {}))
    yield from _flat("training", spec.get("training", {}))
    yield "rounds", _of(record, "training").get("rounds")


def _code(record: Mapping[str, Any]) -> Facts:
    code = _of(record, "provenance", "code")
    yield "commit", code.get("commit")
    yield "changed beyond its commit", code.get("dirty")
    yield "source files", _short(code.get("source"))


def _environment(record: Mapping[str, Any]) -> Facts:
    environment = _of(record, "provenance", "environment")
    for key in ("python", "platform", "cpu", "gpu", "image"):
        yield key, environment.get(key)
    yield "lock", _short(environment.get("lock"))
    yield from sorted(environment.get("libraries", {}).items())


def _metrics(record: Mapping[str, Any]) -> Facts:
    evaluation = _of(record, "evaluation")
    yield "window", evaluation.get("window")
    for who, metrics in evaluation.get("metrics", {}).items():
        # The champion's own figures belong to another release.
        if who != "champion":
            yield from ((f"{who} {name}", measured["value"]) for name, measured in metrics.items())


def _gates(record: Mapping[str, Any]) -> Facts:
    evaluation = _of(record, "evaluation")
    yield "champion compared with", evaluation.get("champion_version")
    yield "verdict", evaluation.get("verdict")
    declared = _of(record, "spec").get("gates", [])
    yield from _numbered((gate["kind"], {k: v for k, v in gate.items() if k != "kind"}) for gate in declared)
    results = evaluation.get("gates", [])
    yield from _numbered((f"{gate['kind']} on {gate['metric']}", gate["verdict"]) for gate in results)


_FACTS = {
    "data": _data,
    "features": _features,
    "parameters": _parameters,
    "code": _code,
    "environment": _environment,
    "metrics": _metrics,
    "gates": _gates,
}


def _flat(prefix: str, values: Mapping[str, Any]) -> Facts:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}.{name}", value)
        else:
            yield f"{prefix}.{name}", value


def _numbered(facts: Iterator[tuple[str, Any]]) -> Facts:
    """Two gates of one kind on one metric stay two."""
    seen: dict[str, int] = {}
    for key, value in facts:
        seen[key] = seen.get(key, 0) + 1
        shown = ", ".join(f"{k} {_told(v)}" for k, v in value.items()) if isinstance(value, Mapping) else value
        yield key if seen[key] == 1 else f"{key} ({seen[key]})", shown


def _short(digest: str | None) -> str | None:
    return None if digest is None else digest[:SHOWN_DIGEST]


def _told(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_told, value)) or "none"
    return str(value)
