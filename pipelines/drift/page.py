"""The page of a drift report: drawn by Evidently, on samples, in one file that opens offline."""

import tempfile
from pathlib import Path

import pandas as pd


def draw(reference: pd.DataFrame, current: pd.DataFrame, categories: list[str]) -> bytes:
    """Evidently's data drift preset as HTML.

    reference, current: the same columns, shape (n, k), at most a few thousand rows: the page's size does not
    depend on them, its time does. Columns that are null throughout in either are left out: Evidently refuses them.
    """
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    columns = [name for name in reference if reference[name].notna().any() and current[name].notna().any()]
    kept = [name for name in categories if name in columns]
    definition = DataDefinition(
        numerical_columns=[name for name in columns if name not in kept], categorical_columns=kept
    )
    old, new = (Dataset.from_pandas(frame[columns], data_definition=definition) for frame in (reference, current))
    snapshot = Report([DataDriftPreset(num_method="psi", cat_method="psi", num_threshold=0.2, cat_threshold=0.2)]).run(
        new, old
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drift.html"
        snapshot.save_html(str(path))
        return path.read_bytes()
