"""What a model must beat: scikit-learn's plainest estimators on the same rows."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from pipelines.array import Array, Device, get_xp, to_numpy
from pipelines.encoding import Encoding
from pipelines.errors import CallerError
from pipelines.spec_words import Baseline

# With it scikit-learn takes a GPU's arrays; SciPy reads it once, when it is imported.
DISPATCH = "SCIPY_ARRAY_API"


class DispatchOff(CallerError):
    """scikit-learn was not started so that it can compute on a GPU."""


def fit_baseline(
    baseline: Baseline, encoding: Encoding, rows: tuple[np.ndarray, np.ndarray], device: Device = "cpu"
) -> Callable[[np.ndarray], np.ndarray]:
    """A baseline fitted on rows as in `fit_rounds`; the answer scores a matrix (n, columns) to (n,), on the host.

    device: where the linear baselines are fitted and score; the others are no more than a mean. Raises GpuMissing
    and DispatchOff.
    """
    from sklearn.dummy import DummyClassifier, DummyRegressor

    if baseline in ("majority", "mean"):
        model = DummyClassifier(strategy="prior") if baseline == "majority" else DummyRegressor(strategy="mean")
        model.fit(*rows)
    elif device == "cpu":
        model = _linear_pipeline(baseline, encoding).fit(*rows)
    else:
        return _LinearOnDevice(baseline, encoding, get_xp(device)).fit(*rows).scores

    def scores(matrix: np.ndarray) -> np.ndarray:
        return np.asarray(_scores(model, matrix))

    return scores


def _linear_pipeline(baseline: Baseline, encoding: Encoding) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    categories, quantities = _positions(encoding, "c"), _positions(encoding, "q")
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype="float32"), categories),
        (make_pipeline(SimpleImputer(), StandardScaler()), quantities),
    )
    return make_pipeline(columns, _linear(baseline, "auto"))


def _linear(baseline: Baseline, solver_of_ridge: str) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    return LogisticRegression(tol=1e-3) if baseline == "logistic_regression" else Ridge(solver=solver_of_ridge)


def _positions(encoding: Encoding, kind: str) -> list[int]:
    return [position for position, known in enumerate(encoding.feature_types) if known == kind]


def _scores(model: Any, matrix: Array) -> Array:
    return model.predict_proba(matrix)[:, 1] if hasattr(model, "predict_proba") else model.predict(matrix)


class _LinearOnDevice:
    """The linear pipeline in another namespace than NumPy's, by scikit-learn's array-API dispatch.

    Categories and missing values are encoded here: OneHotEncoder and SimpleImputer have no dispatch. A category that
    no row of the fit has gets a column of zeros, which weighs nothing, where the pipeline has none.
    """

    def __init__(self, baseline: Baseline, encoding: Encoding, xp: Any) -> None:
        from sklearn.preprocessing import StandardScaler

        if (found := os.environ.get(DISPATCH)) != "1":
            raise DispatchOff(
                f"training.device = 'cuda' fits {baseline} on the GPU, for which scikit-learn needs {DISPATCH}=1 in "
                f"the environment that Python starts with (found {found!r}). Run the step in the GPU image, steps-gpu, "
                f"or start it with {DISPATCH}=1."
            )
        self.xp, self.encoding = xp, encoding
        # The only solver of Ridge that dispatches.
        self.scaler, self.model = StandardScaler(), _linear(baseline, "svd")

    def fit(self, matrix: np.ndarray, label: np.ndarray) -> "_LinearOnDevice":
        from sklearn import config_context

        xp, quantities = self.xp, self._quantities(matrix)
        known = ~xp.isnan(quantities)
        # Of a column without any value: 0, so that it weighs nothing.
        counted = xp.clip(xp.sum(xp.astype(known, xp.float64), axis=0), 1, None)
        sums = xp.sum(xp.astype(xp.where(known, quantities, xp.zeros_like(quantities)), xp.float64), axis=0)
        self.means = xp.astype(sums / counted, quantities.dtype)
        with config_context(array_api_dispatch=True):
            self.scaler.fit(self._imputed(quantities))
            self.model.fit(self._design(matrix), xp.asarray(label))
        return self

    def scores(self, matrix: np.ndarray) -> np.ndarray:
        from sklearn import config_context

        with config_context(array_api_dispatch=True):
            return to_numpy(_scores(self.model, self._design(matrix)))

    def _quantities(self, matrix: np.ndarray) -> Array:
        return self.xp.asarray(matrix[:, _positions(self.encoding, "q")])

    def _imputed(self, quantities: Array) -> Array:
        return self.xp.where(self.xp.isnan(quantities), self.means[None, :], quantities)

    def _design(self, matrix: np.ndarray) -> Array:
        """One column a category's value and one for its absence, then the scaled quantities; (n, columns), float32."""
        xp = self.xp
        blocks = []
        for position in _positions(self.encoding, "c"):
            codes = xp.asarray(matrix[:, position])[:, None]
            values = xp.arange(len(self.encoding.categories[self.encoding.columns[position]]), dtype=codes.dtype)
            blocks += [codes == values[None, :], xp.isnan(codes)]
        scaled = self.scaler.transform(self._imputed(self._quantities(matrix)))
        return xp.concat([*(xp.astype(block, xp.float32) for block in blocks), scaled], axis=1)
