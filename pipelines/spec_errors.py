"""Words for what is wrong in a declaration: pydantic's errors as `key rule (got value)`.

Logs, pages and Airflow's import errors repeat them, so what may be the address of a channel is not shown.
"""

from typing import Any

from pydantic import BaseModel

NOT_SHOWN = "not shown here, it may hold a secret; a channel is a name, its address stands in TRAINYARD_CHANNEL_<NAME>"
# Of a gate's kind in the location of an error: after `gates` and the gate's number.
TAG_POSITION = 2


def sentence(kind: type[BaseModel], error: Any) -> str:
    """One pydantic error as `key rule (got value)`."""
    key = _dotted(error["loc"])
    if error["type"] == "missing":
        return f"{key} is required"
    if error["type"] == "extra_forbidden":
        allowed = ", ".join(sorted(_keys_at(kind.model_json_schema(), error["loc"][:-1])))
        return f"unknown key '{key}' ({_got(error)}); allowed here: {allowed}"
    rule = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    if error["type"] == "value_error" and isinstance(error["input"], dict):
        return f"{key}: {rule}".removeprefix(": ")
    if error["type"] == "union_tag_invalid":
        rule = f"must be one of {error['ctx']['expected_tags']}"
        return f"{key}.kind {rule} (got {error['ctx']['tag']!r})"
    if error["type"] == "string_pattern_mismatch":
        rule = f"must match {error['ctx']['pattern']}: lower-case letters, digits and underscores"
    elif error["type"] in ("too_short", "string_too_short"):
        rule = f"must have at least {error['ctx']['min_length']} entries or characters"
    return f"{key} {rule if rule.startswith('must') else f'must be {rule}'} ({_got(error)})"


def _got(error: Any) -> str:
    """The value, unless it is one of a channel or has an address anywhere in it."""
    shown, location = repr(error["input"]), error["loc"]
    unknown = location[0] == "alerts" and error["type"] == "extra_forbidden"
    return NOT_SHOWN if "://" in shown or "channels" in location or unknown else f"got {shown}"


def _dotted(location: tuple[str | int, ...]) -> str:
    """`('gates', 2, 'floor', 'at_least')` as `gates[2].at_least`: a union's tag is not a key of the file."""
    key = ""
    for position, part in enumerate(location):
        if isinstance(part, int):
            key += f"[{part}]"
        elif not (location[0] == "gates" and position == TAG_POSITION):
            key += f".{part}"
    return key.lstrip(".")


def _keys_at(schema: dict[str, Any], location: tuple[str | int, ...]) -> set[str]:
    """The keys that a JSON Schema allows at a location, through references, lists and unions."""

    def resolved(node: dict[str, Any]) -> list[dict[str, Any]]:
        if "$ref" in node:
            return resolved(schema["$defs"][node["$ref"].rsplit("/", 1)[1]])
        branches = node.get("oneOf") or node.get("anyOf") or []
        return [leaf for branch in branches for leaf in resolved(branch)] or [node]

    nodes = resolved(schema)
    for part in location:
        if isinstance(part, int):
            nodes = [leaf for node in nodes for leaf in resolved(node["items"])]
        elif any(part in node.get("properties", {}) for node in nodes):
            nodes = [leaf for n in nodes if part in n["properties"] for leaf in resolved(n["properties"][part])]
        else:  # a union's tag, such as 'floor'
            nodes = [node for node in nodes if node["properties"]["kind"].get("const") == part]
    return {key for node in nodes for key in node.get("properties", {})}
