"""What a model must beat: scikit-learn's plainest estimators on the same rows."""

from collections.abc import Callable

import numpy as np

from pipelines.encoding import Encoding
from pipelines.spec_words import Baseline


def fit_baseline(
    baseline: Baseline, encoding: Encoding, rows: tuple[np.ndarray, np.ndarray]
) -> Callable[[np.ndarray], np.ndarray]:
    """A baseline fitted on rows as in `fit_rounds`; the answer scores a matrix (n, columns) to (n,)."""
    from sklearn.compose import make_column_transformer
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    estimators = {
        "majority": DummyClassifier(strategy="prior"),
        "mean": DummyRegressor(strategy="mean"),
        "logistic_regression": LogisticRegression(tol=1e-3),
        "ridge": Ridge(),
    }
    categories = [position for position, kind in enumerate(encoding.feature_types) if kind == "c"]
    quantities = [position for position, kind in enumerate(encoding.feature_types) if kind == "q"]
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype="float32"), categories),
        (make_pipeline(SimpleImputer(), StandardScaler()), quantities),
    )
    plain = baseline in ("majority", "mean")
    model = estimators[baseline] if plain else make_pipeline(columns, estimators[baseline])
    model.fit(*rows)

    def scores(matrix: np.ndarray) -> np.ndarray:
        return np.asarray(
            model.predict_proba(matrix)[:, 1] if hasattr(model, "predict_proba") else model.predict(matrix)
        )

    return scores
