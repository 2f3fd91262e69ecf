"""Where a release comes from and what it made, as a graph: from the source's partitions to its predictions."""

import json
from datetime import datetime
from typing import Any, Literal

from pipelines.champions import in_force_at, promotions
from pipelines.interval import Granularity, parse_time, partition_interval
from pipelines.inventory.index import Index
from pipelines.journal import Event, select
from pipelines.layout import drift_page, evaluation_page, predictions_manifest, validation_page
from pipelines.release.record import ReleaseRecord, TrainedPartition
from pipelines.release.releases import release_of
from pipelines.report.tree import approval_of
from pipelines.spec import DatasetSpec, ModelSpec
from pipelines.spec_words import Strict

SHOWN_DIGEST = 12
LAYERS = ("source", "raw", "features", "training_set", "version", "evaluation", "promotion", "predictions")
STATE = {"passed": "ok", "warning": "warned", "failed": "failed"}


class Node(Strict):
    """layer: its column in the picture, from the source on the left. dag_id, as_of: of the run that makes such a
    thing. document: path of its page. mlflow_run: of a version."""

    id: str
    kind: Literal["source", "raw", "features", "training_set", "version", "evaluation", "promotion", "predictions"]
    layer: int
    title: str
    details: dict[str, str]
    state: Literal["ok", "warned", "gone", "failed"] = "ok"
    dag_id: str | None = None
    as_of: datetime | None = None
    document: str | None = None
    mlflow_run: str | None = None


class Lineage(Strict):
    """edges: pairs of node ids, from what was read to what was made."""

    model: str
    version: int
    record: str
    nodes: list[Node]
    edges: list[tuple[str, str]]


class Graph:
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.edges: list[tuple[str, str]] = []

    def add(self, kind: Any, name: str, title: str, reads: list[str], **rest: Any) -> str:
        node = Node(id=f"{kind}/{name}", kind=kind, layer=LAYERS.index(kind), title=title, **rest)
        self.nodes.append(node)
        self.edges += [(read, node.id) for read in reads]
        return node.id


def lineage(index: Index, spec: ModelSpec, dataset: DatasetSpec, version: int) -> Lineage:
    """Raises MissingInput without a release record of the version, Tampered where it was changed."""
    record = release_of(index.store, spec.name, version)
    checks = {event.content["part"]: event for event in select(index.said(spec.dataset), "validation", spec.dataset)}
    graph = Graph()
    source = graph.add("source", dataset.source, dataset.source, [], details={"dataset": dataset.name})
    joined = [_partition(graph, index, dataset, one, source, checks.get(one.part)) for one in record.data.partitions]
    made = _version(graph, index, record, joined)
    _predictions(graph, index, spec, dataset.partition, version, made)
    return Lineage(model=spec.name, version=version, record=record.digest, nodes=graph.nodes, edges=graph.edges)


def _partition(
    graph: Graph, index: Index, dataset: DatasetSpec, one: TrainedPartition, source: str, check: Event | None
) -> str:
    """The node of what was joined."""
    page, end = validation_page(dataset.name, one.part), partition_interval(one.part, dataset.partition).end
    digests = {name.rpartition("/")[2]: rows.digest for name, rows in one.tables.items()}
    same = check is not None and check.content["digests"] == digests
    told = {name: f"version {rows.version}, {rows.rows or 0:,} rows" for name, rows in one.tables.items()}
    status = check.content["status"] if check is not None else "none journalled"
    told["validation"] = status if same or check is None else "passed; other rows were validated since"
    run = {"dag_id": f"{dataset.name}__data", "as_of": end}
    raw = graph.add(
        "raw",
        one.part,
        f"{one.part} raw",
        [source],
        details=told,
        state=STATE[status] if same else "warned",
        document=page if check is not None else None,
        **run,
    )
    kept = index.store.exists(one.joined.path)
    digest = {"rows": f"{one.rows:,}", "joined file": one.joined.digest[:SHOWN_DIGEST]}
    state = "ok" if kept else "gone"
    return graph.add("features", one.part, f"{one.part} joined", [raw], details=digest, state=state, **run)


def _version(graph: Graph, index: Index, record: ReleaseRecord, joined: list[str]) -> str:
    """The node of what is in force, or of the verdict where it never was."""
    run: dict[str, Any] = {"dag_id": f"{record.model}__train", "as_of": parse_time(record.as_of)}
    data, training = record.data, record.training
    rows = {"rows": f"{data.rows:,}", "partitions": f"{data.first} to {data.last}", "digest": data.training_set}
    trained_on = graph.add("training_set", record.as_of[:10], "training set", joined, details=rows, **run)
    recipe = {"SHA-256": training.model_digest, "rounds": str(training.rounds), "seed": str(training.seed)}
    if record.provenance is not None:
        recipe["commit"] = record.provenance.code.commit or "not known"
    name, judged = f"v{record.version}", record.evaluation
    made = graph.add(
        "version", name, f"version {record.version}", [trained_on], details=recipe, mlflow_run=record.run_id, **run
    )
    page = evaluation_page(record.model, record.version)
    said = {"verdict": judged.sentence, "approval": approval_of(record.approval)}
    verdict = graph.add(
        "evaluation",
        name,
        f"evaluation: {judged.verdict.replace('_', ' ')}",
        [made, trained_on],
        details=said,
        state="ok" if judged.verdict == "pass" else "failed",
        document=page if index.store.exists(page) else None,
        **run,
    )
    last = verdict
    for promotion in promotions(index.said(record.model), record.model):
        if promotion.champion.version == record.version:
            since = f"{promotion.champion.effective_from:%F}"
            last = graph.add(
                "promotion",
                f"{promotion.number}",
                f"in force from {since}",
                [verdict],
                details={"record": record.digest},
            )
    return last


def _predictions(
    graph: Graph, index: Index, spec: ModelSpec, granularity: Granularity, version: int, made: str
) -> None:
    """Those of partitions that the version is the champion of, and scored."""
    said, folder = index.said(spec.name), predictions_manifest(spec.name, "").rpartition("/")[0]
    watched = {event.content["part"] for event in select(said, "drift", spec.name)}
    for part in index.store.list_files(folder, ".json"):
        span = partition_interval(part, granularity)
        champion = in_force_at(said, spec.name, span.start)
        if champion is None or champion.version != version:
            continue
        manifest = json.loads(index.store.read_file(predictions_manifest(spec.name, part)))
        graph.add(
            "predictions",
            part,
            f"{part} scored",
            [made],
            details={"rows": f"{manifest['rows']:,}", "digest": manifest["digest"]},
            state="ok" if manifest["model_version"] == version else "warned",
            dag_id=f"{spec.name}__predict",
            as_of=span.end,
            document=drift_page(spec.name, part) if part in watched else None,
        )
