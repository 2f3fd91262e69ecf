"""One path of array code for NumPy and CuPy: the namespace of a device, and of arrays that lie on it."""

from typing import Any, Literal

from pipelines.errors import CallerError

Device = Literal["cpu", "cuda"]


class GpuMissing(CallerError):
    """A GPU was asked for and none can be used; the CPU is never taken in its place."""


def get_xp(device: Device) -> Any:
    """NumPy for the CPU, CuPy for a GPU. Raises GpuMissing when no GPU can be used."""
    if device == "cpu":
        import numpy

        return numpy
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
