"""From feature columns to the matrix an estimator reads, and back to what each number meant."""

import json
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from pipelines.features import Feature


@dataclass(frozen=True)
class Encoding:
    """Columns in order, and for each category column its values as seen in training.

    A value not seen then is encoded as missing: XGBoost refuses unknown codes.
    """

    columns: list[str]
    categories: dict[str, list[str]]

    @classmethod
    def fit(cls, features: pd.DataFrame, declared: list[Feature]) -> "Encoding":
        categories = {
            feature.name: sorted(features[feature.name].dropna().unique().tolist())
            for feature in declared
            if feature.dtype == "category"
        }
        return cls([feature.name for feature in declared], categories)

    @property
    def feature_types(self) -> list[str]:
        """XGBoost's words: 'c' for a category, 'q' for a quantity."""
        return ["c" if name in self.categories else "q" for name in self.columns]

    def matrix(self, features: pd.DataFrame) -> np.ndarray:
        """Shape (n, columns), float32; null is NaN."""
        encoded = np.empty((len(features), len(self.columns)), dtype="float32")
        for position, name in enumerate(self.columns):
            if name in self.categories:
                codes = pd.Categorical(features[name], categories=self.categories[name]).codes.astype("float32")
                encoded[:, position] = np.where(codes < 0, np.nan, codes)
            else:
                encoded[:, position] = features[name].to_numpy(dtype="float32")
        return encoded

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Encoding":
        return cls(**json.loads(text))
