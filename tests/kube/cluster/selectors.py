"""Label and field selectors: text to a predicate over objects.

Source: k8s.io/apimachinery/pkg/labels and pkg/fields.
"""

import re
from collections.abc import Callable
from typing import Any

from tests.kube.cluster.kinds import Kind
from tests.kube.cluster.refusal import bad_request

Predicate = Callable[[dict[str, Any]], bool]

_COMMA_OUTSIDE_PARENTHESES = re.compile(r",(?![^(]*\))")
_SET = re.compile(r"(?P<key>[^\s()!=]+)\s+(?P<word>in|notin)\s*\((?P<values>[^)]*)\)")
_PAIR = re.compile(r"(?P<key>[^\s()!=]+)\s*(?P<sign>==|=|!=)\s*(?P<value>[^\s()!=]*)")
_KEY = re.compile(r"(?P<absent>!?)\s*(?P<key>[^\s()!=]+)")


def by_labels(selector: str) -> Predicate:
    """`a=b`, `a!=b` (true where a is absent), `a in (b,c)`, `a notin (b)`, `a`, `!a`, joined by commas."""
    parts = [_label_requirement(part.strip()) for part in _COMMA_OUTSIDE_PARENTHESES.split(selector) if part.strip()]

    def matches(item: dict[str, Any]) -> bool:
        labels = item["metadata"].get("labels") or {}
        return all(part(labels) for part in parts)

    return matches


def _label_requirement(text: str) -> Callable[[dict[str, str]], bool]:
    if found := _SET.fullmatch(text):
        key, values = found["key"], {value.strip() for value in found["values"].split(",")}
        if found["word"] == "in":
            return lambda labels: key in labels and labels[key] in values
        return lambda labels: labels.get(key) not in values
    if found := _PAIR.fullmatch(text):
        key, value, wanted = found["key"], found["value"], found["sign"] != "!="
        return lambda labels: (labels.get(key) == value) is wanted
    if found := _KEY.fullmatch(text):
        key, wanted = found["key"], not found["absent"]
        return lambda labels: (key in labels) is wanted
    raise bad_request(f"unable to parse requirement: found '{text}', expected: in, notin, =, ==, !=, gt, lt")


def by_fields(selector: str, kind: Kind) -> Predicate:
    """`a.b=c`, `a.b!=c`, joined by commas; an absent field reads as the empty string."""
    requirements = []
    for part in filter(None, selector.split(",")):
        found = _PAIR.fullmatch(part.strip())
        if not found:
            raise bad_request(f"invalid selector: '{selector}'; can't understand '{part}'")
        if found["key"] not in ("metadata.name", "metadata.namespace", *kind.fields):
            raise bad_request(f"field label not supported: {found['key']}")
        requirements.append((found["key"].split("."), found["value"], found["sign"] != "!="))
    return lambda item: all((_field(item, path) == value) is wanted for path, value, wanted in requirements)


def _field(item: Any, path: list[str]) -> str:
    for name in path:
        item = (item or {}).get(name)
    return "" if item is None else str(item).lower() if isinstance(item, bool) else str(item)
