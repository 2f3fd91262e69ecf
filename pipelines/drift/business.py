"""The figures that the business watches: DuckDB aggregates over a window's rows."""

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from pipelines.drift.series import Observation
from pipelines.drift.windows import Window
from pipelines.errors import CallerError, SpecError
from pipelines.monitoring_spec import BusinessFigure
from pipelines.spec import ModelSpec
from pipelines.training_set import declared_features

ROWS = "window_rows"
DAY = "_day"
# An expression reads the window's rows and nothing else: no file, no network, and no way to allow them.
CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "lock_configuration": "true",
}


def observe_business(model: str, figures: Sequence[BusinessFigure], window: Window) -> list[Observation]:
    """Every declared figure as how far it is beyond its bounds, 0 at the nearer one; the figure itself without any.

    Rows without a label have none in the expression either: label is null there. Raises CallerError for an
    expression that DuckDB refuses, or that is no aggregate.
    """
    if not figures:
        return []
    frame = window.rows.features.assign(label=window.rows.label, score=window.scores, **{DAY: window.rows.day})
    with duckdb.connect(config=CLOSED) as connection:
        connection.register(ROWS, _readable(frame))
        return [_observe(connection, f"{model}: monitoring.business[{n}]", one) for n, one in enumerate(figures)]


def require_computable(spec: ModelSpec) -> None:
    """Raises SpecError for an expression that cannot be an aggregate over the model's columns; tried on no rows."""
    if not spec.monitoring.business:
        return
    columns = {f.name: "VARCHAR" if f.dtype == "category" else "DOUBLE" for f in declared_features(spec)}
    columns |= {"label": "DOUBLE", "score": "DOUBLE", DAY: "VARCHAR"}
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    with duckdb.connect(config=CLOSED) as connection:
        connection.execute(f"CREATE TABLE {ROWS} ({declared})")
        for position, figure in enumerate(spec.monitoring.business):
            try:
                _figure_of(connection, f"{spec.name}: monitoring.business[{position}]", figure)
            except CallerError as error:
                raise SpecError(str(error)) from error


def _observe(connection: duckdb.DuckDBPyConnection, where: str, figure: BusinessFigure) -> Observation:
    found = _figure_of(connection, where, figure)
    asked = [
        f"{word} {bound:,g} is asked"
        for word, bound in (("at least", figure.least), ("at most", figure.most))
        if bound is not None
    ]
    worth = 0.0 if asked else None
    if found is None or not np.isfinite(found):
        told = f"{figure.aggregate} is {'null' if found is None else found} over these rows"
        return Observation("business", "figure", figure.name, None, worth, told)
    by_day = _run(connection, where, figure, f"SELECT {DAY}, {_cast(figure)} FROM {ROWS} GROUP BY {DAY} ORDER BY {DAY}")
    daily = {str(day): _beyond(figure, value) for day, value in by_day if value is not None and np.isfinite(value)}
    text = "; ".join([f"{found:,.6g} {figure.unit}", *asked])
    value, values = _beyond(figure, found), list(daily.values())
    return Observation("business", "figure", figure.name, value, worth, text, daily=values, days=list(daily))


def _beyond(figure: BusinessFigure, found: float) -> float:
    over = [found - figure.most] if figure.most is not None else []
    under = [figure.least - found] if figure.least is not None else []
    return max(over + under, default=found)


def _figure_of(connection: duckdb.DuckDBPyConnection, where: str, figure: BusinessFigure) -> float | None:
    # HAVING makes DuckDB refuse what is no aggregate.
    found: float | None = _run(connection, where, figure, f"SELECT {_cast(figure)} FROM {ROWS} HAVING true")[0][0]
    return found


def _run(connection: duckdb.DuckDBPyConnection, where: str, figure: BusinessFigure, query: str) -> list[Any]:
    """The rows of what is found."""
    try:
        if len(connection.extract_statements(query)) != 1:
            raise CallerError(f"{where}.aggregate, of {figure.name}: `{figure.aggregate}` is more than one expression")
        return connection.execute(query).fetchall()
    except duckdb.Error as error:
        reason = str(error).partition("\n\nLINE")[0].replace("\n", " ")
        raise CallerError(
            f"{where}.aggregate, of {figure.name}: `{figure.aggregate}` cannot be computed: {reason}"
        ) from error


def _cast(figure: BusinessFigure) -> str:
    return f"CAST(({figure.aggregate}) AS DOUBLE)"


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories as text, which DuckDB compares with any other."""
    texts = {name: frame[name].astype("object") for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)}
    return frame.assign(**texts)
