"""How loud samples are, frame by frame."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOWEST_DBFS = -100.0
"""What digital silence is given instead of minus infinity; 16-bit samples end at -96 dBFS."""


def frame_power(
    samples: "NDArray[np.float32]", frame_samples: int, *, other: "NDArray[np.float32] | None" = None
) -> "NDArray[np.float32]":
    """Mean square of each whole frame, or mean product with ``other``; samples after the last whole frame do not count.

    Full scale is 1.0, so a full-scale square wave has power 1.
    """
    import numpy as np

    count = len(samples) // frame_samples
    frames = samples[: count * frame_samples].reshape(count, frame_samples)
    others = frames if other is None else other[: count * frame_samples].reshape(count, frame_samples)
    power: NDArray[np.float32] = np.einsum("ij,ij->i", frames, others)
    power /= frame_samples
    return power


def frame_means(samples: "NDArray[np.float32]", frame_samples: int) -> "NDArray[np.float32]":
    """Mean of each whole frame."""
    count = len(samples) // frame_samples
    means: NDArray[np.float32] = samples[: count * frame_samples].reshape(count, frame_samples).mean(axis=1)
    return means


def dbfs(power: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Powers as levels in dB relative to full scale, not below ``LOWEST_DBFS``."""
    import numpy as np

    level: NDArray[np.float32] = np.log10(np.maximum(power, np.float32(10 ** (LOWEST_DBFS / 10))))
    level *= 10
    return level
