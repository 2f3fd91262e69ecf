"""All questions that pages and scripts ask of one store, answered from what was read before where it holds."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from threading import Lock

from pipelines.inventory.answers import ModelPage, ModelRow
from pipelines.inventory.evaluation import EvaluationPage, evaluation_shown
from pipelines.inventory.index import Index
from pipelines.inventory.lineage import Lineage, lineage
from pipelines.inventory.model import model_page
from pipelines.inventory.partitions import DatasetPage, DatasetRow, dataset_page, dataset_row
from pipelines.inventory.rows import model_row
from pipelines.spec import DatasetSpec, ModelSpec
from pipelines.store import Store


class Inventory:
    """models, datasets: as declared. Asked by several threads at once."""

    def __init__(self, store: Store, models: Mapping[str, ModelSpec], datasets: Mapping[str, DatasetSpec]) -> None:
        self.index = Index(store)
        self.models = models
        self.datasets = datasets
        self._rows: dict[str, ModelRow] = {}
        self._state: tuple[int | None, date] | None = None
        self._one_at_a_time = Lock()

    def rows(self) -> dict[str, ModelRow]:
        """By model; what needs a person first."""
        with self._one_at_a_time:
            state = self.index.state()
            if state != self._state:
                rows = [
                    model_row(self.index, spec, self.datasets[spec.dataset], state[1]) for spec in self.models.values()
                ]
                urgent = sorted(rows, key=lambda row: (-max((one.rank for one in row.attention), default=0), row.model))
                self._state, self._rows = state, {row.model: row for row in urgent}
            return self._rows

    def model(self, name: str) -> ModelPage:
        row, spec = self.rows()[name], self.models[name]
        return model_page(self.index, spec, self.datasets[spec.dataset], row)

    def evaluation(self, model: str, version: int) -> EvaluationPage:
        return evaluation_shown(self.index.store, self.models[model], version)

    def lineage(self, model: str, version: int) -> Lineage:
        spec = self.models[model]
        return lineage(self.index, spec, self.datasets[spec.dataset], version)

    def dataset_rows(self) -> list[DatasetRow]:
        now = datetime.now(UTC)
        return [dataset_row(self.index, spec, now) for spec in self.datasets.values()]

    def dataset(self, name: str) -> DatasetPage:
        return dataset_page(self.index, self.datasets[name], list(self.models.values()), datetime.now(UTC))
