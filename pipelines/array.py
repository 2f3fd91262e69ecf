"""One path of array code for NumPy and CuPy: the namespace of a device and of arrays, and what the two do differently.

Whatever is not in the array API standard (data-apis.org/array-api/2024.12) stands here behind one name, so that
the rest runs in any namespace of it. NumPy keeps its own fast way; everything else takes standard functions only,
so that array-api-strict shows on a machine without a GPU what CuPy will do. On one GPU the same arrays give the same
bits: sums and scans are CuPy's reductions and its scans along an axis, never atomic additions of floats.
"""

import sys
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from pipelines.errors import CallerError

Device = Literal["cpu", "cuda"]
# Of whichever namespace: NumPy's own annotations would be untrue of the others.
Array: TypeAlias = Any


class GpuMissing(CallerError):
    """A GPU was asked for and none can be used; the CPU is never taken in its place."""


def get_xp(device: Device) -> Any:
    """NumPy for the CPU, CuPy for a GPU. Raises GpuMissing when no GPU can be used."""
    if device == "cpu":
        return np
    try:
        import cupy
    except ImportError as error:
        raise GpuMissing(
            "A GPU is asked for, but CuPy is not installed here. Run the step in the GPU image (steps-gpu), "
            'or set training.device = "cpu" and a compute class without a GPU.'
        ) from error
    # Importing CuPy succeeds without a GPU.
    if not cupy.cuda.is_available():
        raise GpuMissing(
            "A GPU is asked for, but CUDA finds none here. Check that the pod's class has gpus, that the node's "
            "driver answers (nvidia-smi; CUDA 13 needs 580 or newer), and that CUDA_VISIBLE_DEVICES is not empty."
        )
    return cupy


def namespace_of(*arrays: Array) -> Any:
    """The namespace that all of them are of: numpy, cupy, array_api_strict.

    Raises TypeError for arrays of several, and for what is no array.
    """
    found = {_namespace(array) for array in arrays}
    if len(found) > 1:
        names = " and ".join(sorted(namespace.__name__ for namespace in found))
        raise TypeError(f"arrays of {names} cannot be computed with together: move them with to_device first")
    return found.pop()


def to_device(values: Array, device: Device) -> Array:
    """Numbers as an array of that device; a NumPy array stays itself on the CPU. Raises GpuMissing."""
    return get_xp(device).asarray(values)


def beside(values: Array, like: Array) -> Array:
    """Numbers of the host as an array of `like`'s namespace and device."""
    return namespace_of(like).asarray(values)


def to_numpy(values: Array) -> np.ndarray:
    """On the host; a NumPy array stays itself."""
    # NumPy's asarray refuses CuPy's arrays, so that nothing leaves the device unnoticed.
    return np.asarray(values.get() if hasattr(values, "get") else values)


def argsort(values: Array, stable: bool = True) -> Array:
    """The order that sorts (n,). stable: equal values keep their order; not asking for it is faster in NumPy."""
    xp = namespace_of(values)
    # CuPy's has no such argument: it is always stable.
    return xp.argsort(values) if _is_cupy(values) else xp.argsort(values, stable=stable)


def unsorted(values: Array, order: Array) -> Array:
    """The inverse of `take(_, order)`: each of the values, (n,), where it stood before that order was taken."""
    xp = namespace_of(values, order)
    if xp is not np:
        return xp.take(values, argsort(order))
    found = np.empty_like(values)
    found[order] = values
    return found


def segment_sums(values: Array, codes: Array, count: int) -> Array:
    """The sum of the values of each code 0 … count - 1, shape (count,), float64; values, codes: (n,).

    Not by CuPy's bincount, which adds floats in an order that varies between runs. One reduction a code: meant
    for codes that are few beside the rows.
    """
    xp = namespace_of(values, codes)
    if xp is np:
        return np.bincount(codes, values, count)
    order = argsort(codes)
    ends = to_numpy(xp.searchsorted(xp.take(codes, order), xp.arange(count), side="right")).tolist()
    sorted_values = xp.take(xp.astype(values, xp.float64), order)
    return xp.stack([xp.sum(sorted_values[start:end]) for start, end in zip([0, *ends], ends, strict=False)])


def segment_counts(codes: Array, count: int) -> Array:
    """How often each code 0 … count - 1 is among (n,), shape (count,), integers."""
    xp = namespace_of(codes)
    if xp is np:
        return np.bincount(codes, minlength=count)
    before = xp.searchsorted(xp.sort(codes), xp.arange(count + 1))
    return before[1:] - before[:-1]


def quantiles(values: Array, probabilities: Sequence[float] | np.ndarray) -> np.ndarray:
    """Quantiles of (n,) by linear interpolation (type 7 of Hyndman & Fan 1996), one a probability, on the host."""
    xp = namespace_of(values)
    if xp is np:
        return np.asarray(np.quantile(values, probabilities))
    position = np.asarray(probabilities) * (values.shape[0] - 1)
    lower = np.floor(position).astype("int64")
    upper = np.minimum(lower + 1, values.shape[0] - 1)
    ascending = xp.sort(values)
    low, high = (to_numpy(xp.take(ascending, xp.asarray(at))) for at in (lower, upper))
    share, gap = position - lower, high - low
    # NumPy's own rounding: from the nearer end.
    return np.asarray(np.where(share < 0.5, low + gap * share, high - gap * (1 - share)))


def interpolate(at: Array, places: Array, values: Array) -> Array:
    """The piecewise linear function through (places, values), both (n,), at (m,) within the places.

    places ascend; of equal ones the last counts, as in numpy.interp, whose rounding this has.
    """
    xp, last = namespace_of(at, places, values), places.shape[0] - 1
    left = xp.clip(xp.searchsorted(places, at, side="right") - 1, 0, max(last - 1, 0))
    right = xp.clip(left + 1, 0, last)
    start, end = (xp.take(places, one) for one in (left, right))
    low, high = (xp.take(values, one) for one in (left, right))
    # Of width 0 is at most the last piece, where its end counts.
    width = xp.where(end > start, end - start, xp.ones_like(start))
    inside = (high - low) / width * (at - start) + low
    return xp.where(at == places[last], values[last], inside)


def _namespace(array: Array) -> Any:
    if _is_cupy(array):
        # CuPy's arrays do not name their namespace (14.2).
        return sys.modules["cupy"]
    if not hasattr(array, "__array_namespace__"):
        raise TypeError(f"an array of NumPy or CuPy is needed here (got {type(array).__name__})")
    return array.__array_namespace__()


def _is_cupy(array: Array) -> bool:
    return type(array).__module__.partition(".")[0] == "cupy"
