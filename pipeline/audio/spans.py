"""Sums, differences and common parts of spans. Every list of spans is sorted and free of overlaps."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import attrgetter

from pipeline.domain.calls import Span

_start = attrgetter("start_s")


def union(spans: Iterable[Span], *, max_gap_s: float = 0.0) -> tuple[Span, ...]:
    """All the time any span covers, in any order; gaps of up to ``max_gap_s`` are closed.

    >>> union([Span(3, 4), Span(0, 1), Span(0.5, 2)], max_gap_s=0.5)
    (Span(start_s=0, end_s=2), Span(start_s=3, end_s=4))
    """
    merged: list[Span] = []
    for span in sorted(spans, key=_start):
        if merged and span.start_s <= merged[-1].end_s + max_gap_s:
            if span.end_s > merged[-1].end_s:
                merged[-1] = Span(merged[-1].start_s, span.end_s)
        elif span.duration_s > 0:
            merged.append(span)
    return tuple(merged)


def within(spans: Sequence[Span], window: Span) -> tuple[Span, ...]:
    """The part of ``spans`` inside ``window``, found by bisection.

    >>> within([Span(0, 2), Span(3, 5)], Span(1, 4))
    (Span(start_s=1, end_s=2), Span(start_s=3, end_s=4))
    """
    found: list[Span] = []
    first = max(0, bisect_right(spans, window.start_s, key=_start) - 1)
    for position in range(first, len(spans)):
        span = spans[position]
        if span.start_s >= window.end_s:
            break
        if span.overlap_s(window) > 0:
            found.append(Span(max(span.start_s, window.start_s), min(span.end_s, window.end_s)))
    return tuple(found)


def common(first: Sequence[Span], second: Sequence[Span]) -> tuple[Span, ...]:
    """Where both cover the same time.

    >>> common([Span(0, 2), Span(3, 5)], [Span(1, 4)])
    (Span(start_s=1, end_s=2), Span(start_s=3, end_s=4))
    """
    found: list[Span] = []
    one = other = 0
    while one < len(first) and other < len(second):
        start_s = max(first[one].start_s, second[other].start_s)
        end_s = min(first[one].end_s, second[other].end_s)
        if start_s < end_s:
            found.append(Span(start_s, end_s))
        if first[one].end_s <= second[other].end_s:
            one += 1
        else:
            other += 1
    return tuple(found)


def gaps(spans: Sequence[Span], window: Span) -> tuple[Span, ...]:
    """The parts of ``window`` that no span covers.

    >>> gaps([Span(1, 2), Span(3, 9)], Span(0, 5))
    (Span(start_s=0, end_s=1), Span(start_s=2, end_s=3))
    """
    found: list[Span] = []
    position_s = window.start_s
    for span in within(spans, window):
        if span.start_s > position_s:
            found.append(Span(position_s, span.start_s))
        position_s = span.end_s
    if position_s < window.end_s:
        found.append(Span(position_s, window.end_s))
    return tuple(found)


def without(spans: Sequence[Span], removed: Sequence[Span]) -> tuple[Span, ...]:
    """The part of ``spans`` that ``removed`` does not cover.

    >>> without([Span(0, 2), Span(3, 5)], [Span(1, 4)])
    (Span(start_s=0, end_s=1), Span(start_s=4, end_s=5))
    """
    return tuple(part for span in spans for part in gaps(removed, span))


def total_s(spans: Iterable[Span]) -> float:
    """Seconds of all spans together."""
    return sum(span.duration_s for span in spans)
