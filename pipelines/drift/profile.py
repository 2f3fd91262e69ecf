"""A window as counts by day and bin, with sums by day: all that its statistics and resamples of its days need."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from pipelines.array import Array, Device, beside, namespace_of, to_device, to_numpy
from pipelines.drift.bins import Bins, NumberBins
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


@dataclass(frozen=True)
class Days:
    """Rows by their day. names: (days,), ascending; codes: (n,), each row's position among them; counts: (days,).

    order: (n,), what sorts the rows by day; None where they are.
    """

    names: np.ndarray
    codes: np.ndarray
    counts: np.ndarray
    order: np.ndarray | None

    @classmethod
    def of(cls, day: np.ndarray) -> "Days":
        """day: (n,)."""
        # Rows come day by day, mostly: one look at each run of equal days is enough.
        starts = np.flatnonzero(np.append(True, day[1:] != day[:-1])[: len(day)])
        runs, names = pd.factorize(day[starts], sort=True)
        codes = np.repeat(runs, np.diff(starts, append=len(day)))
        # Of integers of 16 bits NumPy's stable sort is a radix sort.
        order = None if (np.diff(runs) >= 0).all() else np.argsort(codes.astype("uint16"), kind="stable")
        return cls(np.asarray(names), codes, np.bincount(codes, minlength=len(names)), order)

    def split(self, values: Array) -> list[Array]:
        """The values of each day; values: (n,) of any namespace."""
        xp = namespace_of(values)
        ordered = values if self.order is None else xp.take(values, beside(self.order, values))
        ends = np.cumsum(self.counts).tolist()
        return [ordered[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def profile_rows(rows: Rows, bins: Mapping[str, Bins], device: Device) -> Profile:
    """The rows on the bins of a reference; numbers are counted on the device."""
    days = Days.of(rows.day)
    columns = {
        name: profile_column(rows.features[name], own, days, device)
        for name, own in bins.items()
        if name in rows.features
    }
    return Profile(days.names, days.counts, columns)


def profile_column(column: pd.Series, bins: Bins, days: Days, device: Device) -> ColumnProfile:
    if isinstance(bins, NumberBins):
        return number_column(numbers(column, device), bins, days)
    count = len(days.names)
    cells = np.bincount(days.codes * bins.count + bins.codes(column), minlength=count * bins.count)
    return ColumnProfile(cells.reshape(count, bins.count), *np.zeros((3, count)))


def numbers(column: pd.Series, device: Device) -> Array:
    """A column as float64 on the device; whatever pandas holds for null is NaN."""
    return to_device(column.to_numpy(dtype="float64", na_value=np.nan), device)


def number_column(values: Array, bins: NumberBins, days: Days) -> ColumnProfile:
    """values: (n,) of any namespace, computed with there.

    Each day is sorted and its bins are found in it, which is faster than to look up each value's bin.
    """
    xp, sums = namespace_of(values), []
    ends = [-np.finfo("float64").max, np.inf, bins.low, np.nextafter(bins.high, np.inf)]
    points = beside(np.concatenate([ends, bins.edges]), values)
    counts, known = np.zeros((len(days.names), bins.count)), np.zeros(len(days.names))
    for day, part in enumerate(days.split(values)):
        ordered, rows = xp.sort(part), part.shape[0]
        first, last, low, high, *at = to_numpy(xp.searchsorted(ordered, points)).tolist()
        nulls = int(xp.count_nonzero(xp.isnan(ordered[last:])))
        counts[day] = [end - start for start, end in pairwise([0, *at, rows - nulls])] + [nulls]
        known[day] = last - first
        about, below, above = ordered[low:high] - bins.center, bins.low - bins.center, bins.high - bins.center
        sums.append(
            (
                float(xp.sum(about)) + (low - first) * below + (last - high) * above,
                float(xp.sum(about * about)) + (low - first) * below**2 + (last - high) * above**2,
            )
        )
    return ColumnProfile(counts, known, *np.reshape(sums, (-1, 2)).T)
