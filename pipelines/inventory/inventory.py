"""All questions that pages and scripts ask of one store, answered from what was read before where it holds."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from threading import Lock

from pipelines.inventory.answers import Judged, ModelPage, ModelRow
from pipelines.inventory.evaluation import EvaluationPage, evaluation_shown
from pipelines.inventory.index import Index
from pipelines.inventory.lineage import Lineage, lineage
from pipelines.inventory.model import model_page
from pipelines.inventory.partitions import DatasetPage, DatasetRow, dataset_page, dataset_row
from pipelines.inventory.rows import cost_of, model_row, verdicts
from pipelines.journal import Event
from pipelines.spec import DatasetSpec, ModelSpec
from pipelines.store import Store


class Inventory:
    """models, datasets: as declared. Asked by several threads at once."""

    def __init__(self, store: Store, models: Mapping[str, ModelSpec], datasets: Mapping[str, DatasetSpec]) -> None:
        self.index = Index(store)
        self.models = models
        self.datasets = datasets
        self._rows: dict[str, ModelRow] = {}
        self._made_from: dict[str, tuple[list[Event], date]] = {}
        self._state: tuple[int | None, date] | None = None
        self._one_at_a_time = Lock()

    def rows(self) -> dict[str, ModelRow]:
        """By model; what needs a person first. Made anew are those of which the journal says something else."""
        with self._one_at_a_time:
            state = self.index.state()
            if state != self._state:
                rows = [self._row(spec, state[1]) for spec in self.models.values()]
                urgent = sorted(rows, key=lambda row: (-max((one.rank for one in row.attention), default=0), row.model))
                self._state, self._rows = state, {row.model: row for row in urgent}
            return self._rows

    def _row(self, spec: ModelSpec, today: date) -> ModelRow:
        made_from = (self.index.said(spec.name), today)
        if self._made_from.get(spec.name) == made_from:
            return self._rows[spec.name]
        self._made_from[spec.name] = made_from
        return model_row(self.index, spec, self.datasets[spec.dataset], today)

    def verdicts(self, model: str) -> list[Judged]:
        """The last on each version, by as-of time."""
        self.index.state()
        return verdicts(self.index.said(model), model)

    def costs(self, model: str) -> list[float]:
        """CPU seconds of the model's trainings, of those that told it."""
        found = [cost_of(self.index, model, one.version).get("cpu_s") for one in self.verdicts(model)]
        return [spent for spent in found if spent is not None]

    def model(self, name: str) -> ModelPage:
        row, spec = self.rows()[name], self.models[name]
        return model_page(self.index, spec, self.datasets[spec.dataset], row)

    def evaluation(self, model: str, version: int) -> EvaluationPage:
        return evaluation_shown(self.index.store, self.models[model], version)

    def lineage(self, model: str, version: int) -> Lineage:
        spec = self.models[model]
        self.index.state()
        return lineage(self.index, spec, self.datasets[spec.dataset], version)

    def dataset_rows(self) -> list[DatasetRow]:
        self.index.state()
        now = datetime.now(UTC)
        return [dataset_row(self.index, spec, now) for spec in self.datasets.values()]

    def dataset(self, name: str) -> DatasetPage:
        self.index.state()
        return dataset_page(self.index, self.datasets[name], list(self.models.values()), datetime.now(UTC))
