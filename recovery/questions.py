"""What a restored stack is asked, and its original beside it: who answers the same is the same."""

import json
from typing import Any

from pipelines.champions import champions
from pipelines.errors import CallerError
from pipelines.interval import partition_interval
from pipelines.layout import predictions_manifest, predictions_table
from pipelines.store import Store

# Not compared word for word: they work for minutes, and say themselves whether all is equal.
MEASURED = ("reproduce", "predict")


def questions(store: Store, model: str) -> dict[str, list[str]]:
    """The commands whose answers are compared, by what they show. Raises CallerError for a model never promoted."""
    line = champions(store, model)
    if not line:
        raise CallerError(f"{model}: no version was ever promoted, so a drill has nothing to ask")
    version = str(line[-1].version)
    asked = {
        "status": ["status", model, "--json"],
        "registry": ["registry", "check", model],
        "record": ["record", model, version],
        "reproduce": ["reproduce", model, version],
    }
    if parts := store.parts(predictions_table(model)):
        key = next(iter(store.read(predictions_table(model), part=parts[-1]).slice(0, 1).to_pylist()[0].values()))
        asked["trace"] = ["trace", model, "--prediction", str(key)]
        start, end = _span(parts[-1])
        asked["predict"] = ["predict", "--model", model, "--start", start, "--end", end]
    return asked


def _span(part: str) -> tuple[str, str]:
    interval = partition_interval(part, "month" if len(part) == len("2013-01") else "day")
    return f"{interval.start:%F}", f"{interval.end:%F}"


def scores(store: Store, model: str) -> dict[str, Any]:
    """Of every partition, the digest of its predictions, as their manifests have it; and the table's version."""
    folder = predictions_manifest(model, "").rpartition("/")[0]
    named = {part: store.read_file(predictions_manifest(model, part)) for part in store.list_files(folder, ".json")}
    return {part: json.loads(told)["digest"] for part, told in named.items()} | {
        "table": store.version(predictions_table(model))
    }
