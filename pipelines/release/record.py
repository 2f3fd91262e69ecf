"""The release record: the immutable JSON that ties a model version to all that it came from.

`pipelines.release.recording` composes it, `pipelines.release.releases` keeps it.
"""

import hashlib
import json
from typing import Any, Literal

from pydantic import Field

from pipelines.gates.gate import GateResult, Verdict, without_times
from pipelines.release.provenance import Cost, Provenance
from pipelines.spec_words import Strict


class RawRows(Strict):
    """The rows of one partition in one raw table. version: of the Delta table; digest: SHA-256 of the rows."""

    version: int | None = Field(description="None where no version of the table held these rows any more.")
    digest: str
    rows: int | None


class JoinedFile(Strict):
    path: str
    digest: str = Field(description="SHA-256 of the file.")


class TrainedPartition(Strict):
    """tables: by name, the raw rows that were joined and labelled."""

    part: str
    rows: int
    joined: JoinedFile
    tables: dict[str, RawRows]


class FeatureFile(Strict):
    path: str
    digest: str = Field(description="SHA-256 of the file.")
    rows: int


class FeaturePartition(Strict):
    """inputs: by partition and table, the raw rows that the features were built from; missing: partitions that
    the features look back to and that were missing or in quarantine."""

    part: str
    manifest: str = Field(description="SHA-256 of the features' manifest.")
    files: dict[str, FeatureFile]
    inputs: dict[str, dict[str, RawRows]]
    missing: list[str]


class Data(Strict):
    """first, last: keys of the partitions trained on; rows: of those, labelled or not; training_set: its digest."""

    first: str
    last: str
    rows: int
    training_set: str
    partitions: list[TrainedPartition]
    feature_partitions: list[FeaturePartition]


class DatasetDeclared(Strict):
    spec: dict[str, Any]
    spec_digest: str


class FeatureDefinitions(Strict):
    """names: the model's, in the order of its matrix. declarations, code: SHA-256 of the dataset's declared views
    and of the files that build them."""

    names: list[str]
    declarations: str
    code: str


class Training(Strict):
    """key: digest of training set and recipe. model_digest: of the registered Booster's UBJSON. walk_forward: files
    of the held-out scores, newest window first; scores_digest: of the first."""

    key: str
    rounds: int
    seed: int
    model_digest: str
    scores_digest: str
    walk_forward: list[str]


class Figure(Strict):
    """A metric with its 95 % interval, clustered by day; no interval where the metric has none."""

    value: float
    low: float | None
    high: float | None


class Judged(Strict):
    """metrics: by whose scores of the newest held-out window, by metric. window: its ISO start and end, UTC."""

    digest: str
    verdict: Verdict
    sentence: str
    champion_version: int | None = Field(description="The champion compared with; none for a first candidate.")
    attempt: int
    window: list[str]
    rows: int
    champion_rows: int
    metrics: dict[str, dict[str, Figure]]
    gates: list[GateResult]


class ReleaseRecord(Strict):
    """provenance, cost: of the training; None where it ran before they were kept. approval, promotion: as the
    journal says them; None in a record that no answer or promotion has sealed."""

    format: Literal[1]
    model: str
    version: int
    revision: int
    as_of: str
    run_id: str
    spec: dict[str, Any]
    spec_digest: str
    dataset: DatasetDeclared
    data: Data
    features: FeatureDefinitions
    training: Training
    provenance: Provenance | None
    cost: Cost | None
    evaluation: Judged
    approval: dict[str, Any] | None = None
    promotion: dict[str, Any] | None = None

    @property
    def identity(self) -> str:
        """SHA-256 of what the data and the specs decide: measured times, costs and machines stand outside."""
        content = self.content()
        for measured in ("revision", "provenance", "cost"):
            del content[measured]
        content["evaluation"]["gates"] = without_times(content["evaluation"]["gates"])
        return digest_of_json(content)

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes that are kept."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def content(self) -> dict[str, Any]:
        """As JSON gives it."""
        found: dict[str, Any] = self.model_dump(mode="json")
        return found

    def to_bytes(self) -> bytes:
        return json.dumps(self.content(), indent=1, sort_keys=True).encode()


def digest_of_json(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
