"""CuPy with a GPU, or the skip that says why not."""

from typing import Any

import pytest

from pipelines.array import GpuMissing, get_xp


def cupy_or_skip(left_out: str) -> Any:
    """left_out: what is not tested without a GPU."""
    try:
        return get_xp("cuda")
    except GpuMissing as missing:
        pytest.skip(f"{left_out}: {missing}")
