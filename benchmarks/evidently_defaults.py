"""Evidently as it comes: its data drift preset's rule with no option set, on samples."""

import os
from dataclasses import dataclass

import pandas as pd

SAMPLE_ROWS, SEED = 10_000, 0


@dataclass(frozen=True)
class DriftedColumns:
    """columns: how many drifted. share: of all; from half of them on, Evidently calls the data set drifted."""

    columns: int
    share: float

    @property
    def drifted(self) -> bool:
        return self.share >= 0.5


def drifted_columns(reference: pd.DataFrame, current: pd.DataFrame, categories: list[str]) -> DriftedColumns:
    """The count of `DataDriftPreset`, without the plots that it draws beside it.

    reference, current: the same columns, (n, k). Columns that are null throughout are left out: Evidently raises.
    """
    os.environ["DO_NOT_TRACK"] = "1"
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import DriftedColumnsCount

    columns = [name for name in reference if reference[name].notna().any() and current[name].notna().any()]
    definition = DataDefinition(
        numerical_columns=[name for name in columns if name not in categories],
        categorical_columns=[name for name in columns if name in categories],
    )
    sides = [frame[columns].sample(min(len(frame), SAMPLE_ROWS), random_state=SEED) for frame in (current, reference)]
    snapshot = Report([DriftedColumnsCount()]).run(*(Dataset.from_pandas(side, definition) for side in sides))
    counted = snapshot.dict()["metrics"][0]["value"]
    return DriftedColumns(int(counted["count"]), float(counted["share"]))
