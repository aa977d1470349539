"""Span arithmetic against the same done on a grid of whole seconds."""

import doctest
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audio import spans as module
from pipeline.audio.spans import common, gaps, total_s, union, within, without
from pipeline.domain.calls import Span

LONG = 30
_span = st.tuples(st.integers(0, LONG), st.integers(0, LONG)).map(lambda ends: Span(min(ends), max(ends)))
_spans = st.lists(_span, max_size=8).map(union)


def seconds(spans) -> set[int]:
    return {second for span in spans for second in range(int(span.start_s), int(span.end_s))}


def is_normal(spans) -> bool:
    return all(span.duration_s > 0 for span in spans) and all(
        one.end_s <= other.start_s for one, other in pairwise(spans)
    )


@given(st.lists(_span, max_size=8))
def test_union_covers_what_any_span_covers(spans):
    assert seconds(union(spans)) == seconds(spans)
    assert is_normal(union(spans))


@given(_spans, _spans, _span)
def test_operations_agree_with_sets(one, other, window):
    whole = set(range(LONG))
    inside = seconds([window])
    assert seconds(common(one, other)) == seconds(one) & seconds(other)
    assert seconds(without(one, other)) == seconds(one) - seconds(other)
    assert seconds(within(one, window)) == seconds(one) & inside
    assert seconds(gaps(one, window)) == (whole - seconds(one)) & inside
    assert total_s(one) == len(seconds(one))
    assert all(is_normal(result) for result in (common(one, other), without(one, other), gaps(one, window)))


@pytest.mark.parametrize(("max_gap_s", "count"), [(0.0, 3), (1.0, 2), (2.0, 1)])
def test_union_closes_gaps_up_to_the_given_length(max_gap_s, count):
    assert len(union([Span(0, 1), Span(2, 3), Span(5, 6)], max_gap_s=max_gap_s)) == count


def test_examples_in_docstrings():
    assert doctest.testmod(module).failed == 0
