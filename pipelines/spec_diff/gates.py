"""What a change does to the gates: which let more through, and which less."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.gates.gate import Gate
from pipelines.spec_diff.change import Change, Direction, fields, told

# A greater number lets more through, or less.
MORE = ("at_most", "not_worse_by", "within_days", "alpha", "threshold")
LESS = ("at_least", "better_by")
LOOSENING: dict[str, tuple[Any, Any]] = {
    "cannot_tell": ("stay", "promote"),
    "report_only": (False, True),
    "judged": ("interval", "point"),
}


def gate_changes(subject: str, before: Sequence[Gate], after: Sequence[Gate]) -> Iterator[Change]:
    """Gates are the same one by kind and subject; several of one are taken in their order."""
    earlier, later = _by_name(before), _by_name(after)
    for name in dict.fromkeys([*earlier, *later]):
        one, other = earlier.get(name), later.get(name)
        if one is None or other is None:
            kept = other or one
            assert kept is not None
            # A gate that only reports keeps nobody out.
            direction: Direction = "changes" if kept["report_only"] else "tightens" if one is None else "loosens"
            note = ", which only reports," if kept["report_only"] else ""
            yield Change(subject, "gates", direction, f"gate {name}{note} is {'new' if one is None else 'gone'}")
        else:
            yield from _changed(subject, name, one, other)


def _changed(subject: str, name: str, one: dict[str, Any], other: dict[str, Any]) -> Iterator[Change]:
    one, other = _named_lists(one), _named_lists(other)
    for key, before, after in fields(one, other):
        text = f"gate {name}: {key} {told(before)} → {told(after)}"
        yield Change(subject, "gates", _direction(key.rpartition(".")[2], before, after), text)


def _direction(key: str, before: Any, after: Any) -> Direction:
    if key in LOOSENING:
        return "loosens" if (before, after) == LOOSENING[key] else "tightens"
    greater_is_looser = key.endswith(MORE)
    if not (greater_is_looser or key.endswith(LESS)):
        # A perturbation that is not tried any more cannot stop a candidate.
        return "loosens" if isinstance(before, Mapping) else "tightens" if isinstance(after, Mapping) else "changes"
    if before is None or after is None:
        return "tightens" if before is None else "loosens"
    return "loosens" if (after > before) == greater_is_looser else "tightens"


def _named_lists(gate: dict[str, Any]) -> dict[str, Any]:
    """Lists of named tables, such as perturbations, by name, so that one more does not move all others."""
    return {
        key: {str(one["name"]): one for one in value}
        if isinstance(value, list) and value and isinstance(value[0], dict) and "name" in value[0]
        else value
        for key, value in gate.items()
    }


def _by_name(gates: Sequence[Gate]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for gate in gates:
        name = f"{gate.kind} on {gate.subject}"
        number = sum(other.partition(" #")[0] == name for other in found) + 1
        found[name if number == 1 else f"{name} #{number}"] = gate.model_dump(mode="json")
    return found
