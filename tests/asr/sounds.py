"""Channels of speech without speech: what unit tests of recognition are made of."""

import numpy as np

from pipeline.asr.base import SAMPLE_RATE_HZ, ChannelSpeech
from pipeline.domain.calls import Span


def channel(*spans, length_s=60.0, level=0.1):
    """Noise where ``spans`` (start, end) are, else digital silence."""
    samples = np.zeros(round(length_s * SAMPLE_RATE_HZ), dtype=np.float32)
    noise = np.random.default_rng(1).standard_normal(len(samples)).astype(np.float32)
    for start_s, end_s in spans:
        part = slice(round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ))
        samples[part] = level * noise[part]
    return ChannelSpeech(samples, tuple(Span(*span) for span in spans))
