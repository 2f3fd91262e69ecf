"""Patches of objects: strategic merge, JSON merge (RFC 7386) and JSON patch (RFC 6902)."""

from typing import Any

from tests.kube.cluster.refusal import bad_request

# Lists whose entries a strategic merge joins by a key of theirs; any other list is replaced.
MERGE_KEYS = {"conditions": "type", "containers": "name", "env": "name", "volumes": "name", "containerStatuses": "name"}
STRATEGIC, MERGE, JSON = (f"application/{name}+json" for name in ("strategic-merge-patch", "merge-patch", "json-patch"))


def patched(item: Any, patch: Any, content_type: str) -> Any:
    if content_type == JSON:
        for operation in patch:
            item = _operated(item, operation)
        return item
    if content_type not in (STRATEGIC, MERGE):
        raise bad_request(f"the body of the request was in an unknown format - accepted media types include: {JSON}")
    return _merged(item, patch, strategic=content_type == STRATEGIC)


def _merged(item: Any, patch: Any, strategic: bool, name: str = "") -> Any:
    if isinstance(patch, dict):
        merged = dict(item) if isinstance(item, dict) else {}
        for key, value in patch.items():
            if value is None:
                merged.pop(key, None)
            else:
                merged[key] = _merged(merged.get(key), value, strategic, key)
        return merged
    if strategic and name in MERGE_KEYS and isinstance(patch, list):
        key = MERGE_KEYS[name]
        by_key = {entry[key]: entry for entry in item or []}
        for entry in patch:
            by_key[entry[key]] = _merged(by_key.get(entry[key]), entry, strategic)
        return list(by_key.values())
    return patch


def _operated(item: Any, operation: dict[str, Any]) -> Any:
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    holder = item
    for part in parents:
        holder = holder[int(part)] if isinstance(holder, list) else holder.setdefault(part, {})
    what = operation["op"]
    if what not in ("add", "replace", "remove"):
        raise bad_request(f"Unexpected kind: {what}")
    if isinstance(holder, list):
        index = len(holder) if last == "-" else int(last)
        holder[index : index + (what != "add")] = [] if what == "remove" else [operation["value"]]
    elif what == "remove":
        holder.pop(last, None)
    else:
        holder[last] = operation["value"]
    return item
