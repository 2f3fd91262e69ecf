import sys
from types import SimpleNamespace

import array_api_strict
import numpy as np
import pytest

from pipelines import array
from pipelines.array import GpuMissing, get_xp, namespace_of, to_device, to_numpy

NAMESPACES = [np, array_api_strict]


@pytest.fixture(params=NAMESPACES, ids=lambda namespace: namespace.__name__)
def xp(request):
    return request.param


def test_the_cpu_computes_with_numpy_and_copies_nothing():
    values = np.arange(3.0)
    assert get_xp("cpu") is np
    assert to_device(values, "cpu") is values and to_numpy(values) is values


@pytest.mark.parametrize(
    ("cupy", "said"),
    [
        (None, "CuPy is not installed here"),
        (SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: False)), "CUDA finds none here"),
    ],
)
def test_a_gpu_that_is_missing_is_said_and_not_replaced(monkeypatch, cupy, said):
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    with pytest.raises(GpuMissing, match=f"A GPU is asked for, but {said}"):
        to_device(np.arange(3.0), "cuda")


def test_arrays_name_their_namespace(xp):
    assert namespace_of(xp.asarray([1.0]), xp.asarray([2])) is xp


def test_arrays_of_two_namespaces_are_refused():
    with pytest.raises(TypeError, match="array_api_strict and numpy cannot be computed with together"):
        namespace_of(np.ones(1), array_api_strict.asarray([1.0]))


def test_what_is_no_array_is_refused():
    with pytest.raises(TypeError, match=r"an array of NumPy or CuPy is needed here \(got list\)"):
        namespace_of([1.0])


def test_values_come_back_to_the_host(xp):
    found = to_numpy(xp.asarray([1.0, 2.0]))
    assert type(found) is np.ndarray and found.tolist() == [1, 2]


def test_a_stable_order_keeps_equals_as_they_came(xp):
    assert to_numpy(array.argsort(xp.asarray([2.0, 1.0, 2.0, 1.0]))).tolist() == [1, 3, 0, 2]


def test_unsorting_undoes_an_order(xp):
    values = xp.asarray([0.3, 0.1, 0.2])
    order = array.argsort(values)
    assert to_numpy(array.unsorted(xp.take(values, order), order)).tolist() == [0.3, 0.1, 0.2]


def test_sums_and_counts_of_segments_by_hand(xp):
    codes, values = xp.asarray([0, 2, 0, 3]), xp.asarray([1.0, 2.0, 4.0, 8.0])
    assert to_numpy(array.segment_sums(values, codes, 5)).tolist() == [5, 0, 2, 8, 0]
    assert to_numpy(array.segment_counts(codes, 5)).tolist() == [2, 0, 1, 1, 0]


@pytest.mark.parametrize("rows", [1, 2, 7, 1000])
def test_quantiles_are_numpys_to_the_bit(xp, rows):
    values, probabilities = np.random.default_rng(rows).normal(size=rows), np.linspace(0, 1, 11)
    assert array.quantiles(xp.asarray(values), probabilities).tolist() == np.quantile(values, probabilities).tolist()


def test_interpolation_is_numpys_to_the_bit(xp):
    chance = np.random.default_rng(1)
    # Steps of 0, as a day that a resample leaves out makes them, also at both ends.
    places = np.cumsum([0, 0, *chance.integers(0, 3, 50), 0, 0]).astype(float)
    values, at = np.cumsum(chance.normal(size=len(places))), np.linspace(0, places[-1], 31)
    at = np.concatenate([at, places])
    found = array.interpolate(xp.asarray(at), xp.asarray(places), xp.asarray(values))
    assert to_numpy(found).tolist() == np.interp(at, places, values).tolist()
