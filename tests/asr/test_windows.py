"""Windows: packed, padded, cut, and the way back to call time."""

from itertools import pairwise

import numpy as np
import pytest

from pipeline.asr.base import SAMPLE_RATE_HZ, ChannelSpeech
from pipeline.asr.windows import Piece, Window, WindowOptions, distance_s, plan_windows, window_samples
from pipeline.domain.calls import Span
from tests.asr.sounds import channel

OPTIONS = WindowOptions(longest_s=10.0, pad_s=0.1, join_s=0.3, gap_s=0.5, tail_s=1.0, step_s=0.5)


def layout(windows):
    """(start, end) of each piece, by window, rounded."""
    return [[(round(piece.start_s, 2), round(piece.end_s, 2)) for piece in window.pieces] for window in windows]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        pytest.param([], [], id="no speech, no window"),
        pytest.param([(0.0, 1.0)], [[(0.0, 1.1)]], id="no sound before the start"),
        pytest.param([(59.0, 60.0)], [[(58.9, 60.0)]], id="nor after the end"),
        pytest.param([(1, 2), (2.4, 3)], [[(0.9, 3.1)]], id="near spans are one piece"),
        pytest.param([(1, 2), (3, 4)], [[(0.9, 2.1), (2.9, 4.1)]], id="far spans are two pieces of a window"),
        pytest.param([(1, 7), (20, 26)], [[(0.9, 7.1)], [(19.9, 26.1)]], id="what does not fit is another window"),
        pytest.param(
            [(0, 4), (10, 14), (20, 21), (30, 31)],
            [[(0.0, 4.1)], [(9.9, 14.1), (19.9, 21.1), (29.9, 31.1)]],
            id="no fewer windows, and those as short as may be",
        ),
    ],
)
def test_packing(spans, expected):
    assert layout(plan_windows([channel(*spans)], options=OPTIONS)) == expected


def test_channels_do_not_share_windows():
    windows = plan_windows([channel((1, 2)), channel((3, 4))], options=OPTIONS)
    assert [[piece.channel for piece in window.pieces] for window in windows] == [[0], [1]]


def test_a_long_span_is_cut_where_it_is_quiet():
    one = channel((0, 25), length_s=30)
    quiet = slice(round(8.4 * SAMPLE_RATE_HZ), round(8.6 * SAMPLE_RATE_HZ))
    one.samples[quiet] = 0
    windows = plan_windows([one], options=OPTIONS)
    pieces = [piece for window in windows for piece in window.pieces]
    assert pieces[0].end_s == pytest.approx(8.5, abs=0.1)
    assert all(piece.end_s - piece.start_s <= OPTIONS.longest_s for piece in pieces)
    assert [piece.start_s for piece in pieces[1:]] == [piece.end_s for piece in pieces[:-1]]
    assert pieces[-1].end_s == pytest.approx(25.1)


@pytest.mark.parametrize("seed", range(20))
def test_all_speech_is_in_some_window_once(seed):
    chance = np.random.default_rng(seed)
    edges = np.cumsum(chance.uniform(0.2, 15.0, size=16))
    spans = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    one = channel(*spans, length_s=edges[-1] + 1)
    windows = plan_windows([one], options=OPTIONS)
    pieces = [piece for window in windows for piece in window.pieces]
    speech_s = sum(part.duration_s for piece in pieces for part in piece.speech)
    assert speech_s == pytest.approx(sum(end_s - start_s for start_s, end_s in spans))
    assert all(before.end_s <= after.start_s for before, after in pairwise(pieces))
    for window in windows:
        assert window.content_s <= OPTIONS.longest_s + 1e-6
        assert window.length_s >= window.content_s + OPTIONS.tail_s - 1e-6
        assert window.length_s % OPTIONS.step_s == 0


def test_the_sound_of_a_window():
    one = channel((1, 2), (5, 6), length_s=10)
    (window,) = plan_windows([one], options=OPTIONS)
    sound = window_samples(window, [one])
    assert len(sound) == round(window.length_s * SAMPLE_RATE_HZ)
    for piece in window.pieces:
        there = sound[round(piece.offset_s * SAMPLE_RATE_HZ) :][: round((piece.end_s - piece.start_s) * SAMPLE_RATE_HZ)]
        here = one.samples[round(piece.start_s * SAMPLE_RATE_HZ) : round(piece.end_s * SAMPLE_RATE_HZ)]
        assert np.array_equal(there, here)
    assert not sound[round(window.content_s * SAMPLE_RATE_HZ) + 1 :].any()


def test_a_window_of_a_recording_that_ends_early():
    cut = ChannelSpeech(np.ones(SAMPLE_RATE_HZ, dtype=np.float32), (Span(0.5, 3.0),))
    (window,) = plan_windows([cut], options=OPTIONS)
    assert window_samples(window, [cut]).sum() == pytest.approx(0.6 * SAMPLE_RATE_HZ)


PIECE = Piece(0, 10.0, 16.0, (Span(10.2, 12.0), Span(12.4, 15.8)), offset_s=3.0)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        pytest.param(Span(4.0, 4.5), Span(11.0, 11.5), id="inside speech"),
        pytest.param(Span(3.0, 3.5), Span(10.2, 10.5), id="stretched to the left"),
        pytest.param(Span(4.8, 5.4), Span(11.8, 12.0), id="stretched into a pause"),
        pytest.param(Span(5.1, 5.6), Span(12.4, 12.6), id="begun in a pause"),
        pytest.param(Span(3.0, 3.2), Span(10.0, 10.2), id="all before the speech stays"),
        pytest.param(Span(8.5, 12.0), Span(15.5, 15.8), id="stretched past the piece"),
        pytest.param(Span(9.5, 9.9), Span(16.0, 16.0), id="after the piece: empty"),
        pytest.param(Span(1.0, 2.0), Span(10.0, 10.0), id="before the piece: empty"),
    ],
)
def test_the_way_back(span, expected):
    found = PIECE.to_call(span)
    assert (found.start_s, found.end_s) == pytest.approx((expected.start_s, expected.end_s))


@pytest.mark.parametrize(
    ("span", "number"),
    [
        pytest.param(Span(0.5, 1.0), 0, id="in the first"),
        pytest.param(Span(1.7, 3.2), 1, id="mostly in the second"),
        pytest.param(Span(2.05, 2.1), 0, id="in the gap, nearer to the first"),
        pytest.param(Span(9.0, 9.5), 1, id="in the silence at the end"),
    ],
)
def test_whose_word_it_is(span, number):
    pieces = (Piece(0, 10, 12, (Span(10, 12),), 0.0), Piece(0, 20, 22, (Span(20, 22),), 2.5))
    assert Window(pieces, 10.0).piece_at(span) is pieces[number]


def test_distance():
    assert distance_s(Span(1, 2), Span(2, 3)) == 0.0
    assert distance_s(Span(1, 2), Span(5, 6)) == distance_s(Span(5, 6), Span(1, 2)) == 3.0
