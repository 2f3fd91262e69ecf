"""A window as counts by day and bin, with sums by day: all that its statistics and resamples of its days need."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.array import Array, Device, namespace_of, segment_counts, segment_sums, to_device, to_numpy
from pipelines.drift.bins import Bins, CategoryBins, NumberBins
from pipelines.training_set import Rows


@dataclass(frozen=True)
class ColumnProfile:
    """counts: (days, bins). known: (days,) finite values; sums, squares: (days,) of them about the bins' center,
    clipped to their limits; 0 for a category."""

    counts: np.ndarray
    known: np.ndarray
    sums: np.ndarray
    squares: np.ndarray

    def spread(self) -> float:
        """The standard deviation of all values; 0 for less than two different ones."""
        count = max(1.0, float(self.known.sum()))
        return float(np.sqrt(max(0.0, self.squares.sum() / count - (self.sums.sum() / count) ** 2)))


@dataclass(frozen=True)
class Profile:
    """days: (days,) local calendar days, ascending; rows: (days,). A column that the rows lack is left out."""

    days: np.ndarray
    rows: np.ndarray
    columns: dict[str, ColumnProfile]


def profile_rows(rows: Rows, bins: Mapping[str, Bins], device: Device) -> Profile:
    """The rows on the bins of a reference; numbers are counted on the device."""
    day, days = pd.factorize(rows.day, sort=True)
    columns = {
        name: profile_column(rows.features[name], own, day, len(days), device)
        for name, own in bins.items()
        if name in rows.features
    }
    return Profile(days, np.bincount(day, minlength=len(days)), columns)


def numbers(column: pd.Series, device: Device) -> Array:
    """A column as float64 on the device; whatever pandas holds for null is NaN."""
    return to_device(column.to_numpy(dtype="float64", na_value=np.nan), device)


def profile_column(column: pd.Series, bins: Bins, day: np.ndarray, days: int, device: Device) -> ColumnProfile:
    if isinstance(bins, CategoryBins):
        cells = np.bincount(day * bins.count + bins.codes(column), minlength=days * bins.count)
        nothing = np.zeros(days)
        return ColumnProfile(cells.reshape(days, bins.count), nothing, nothing, nothing)
    return number_column(numbers(column, device), bins, to_device(day, device), days)


def number_column(values: Array, bins: NumberBins, day: Array, days: int) -> ColumnProfile:
    """values, day: (n,) of one namespace, computed with there; day: 0 … days - 1."""
    xp = namespace_of(values, day)
    cells = segment_counts(day * bins.count + bins.codes(values), days * bins.count)
    finite = xp.isfinite(values)
    about = xp.clip(xp.where(finite, values, xp.full_like(values, bins.center)), bins.low, bins.high) - bins.center
    return ColumnProfile(
        to_numpy(cells).reshape(days, bins.count),
        to_numpy(segment_counts(day[finite], days)),
        to_numpy(segment_sums(about, day, days)),
        to_numpy(segment_sums(about * about, day, days)),
    )
