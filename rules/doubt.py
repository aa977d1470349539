"""When an absence cannot be judged: speech that was heard but not written, or written without confidence."""

from math import inf

from pipeline.domain.calls import Role, Span
from pipeline.domain.results import BilingualText
from rules.region import Region
from rules.view import CallView
from rules.wording import clock_span

UNWRITTEN_S = 1.0
"""Unwritten speech from which an absence is in doubt. At the fastest accepted speech rate, 300 characters a minute
(domain standard), one second holds five characters: a whole 感谢来电 or 再见. Shorter stretches are within the
0.2–0.4 s by which speech activity pads each side of what words cover."""
LOW_CONFIDENCE = 0.5
"""Mean word probability under which an absence is in doubt: the model itself rather believes in other words. On the
sample calls Whisper base gives its turns 0.85 in the median; 2 of 93 are below this."""


def doubt_about(view: CallView, region: Region) -> BilingualText | None:
    """Why the words in ``region`` may not be all that was said there; ``None`` where they can be trusted."""
    if not view.turns:
        return BilingualText("通话没有转写出文字", "the call has no written words")
    span = region.span(view)
    lost = _unwritten(view, region.role, span)
    if lost is not None:
        return BilingualText(
            f"{clock_span(lost)} 有 {lost.duration_s:.1f} 秒说话没有转写出来",
            f"{lost.duration_s:.1f} s of speech at {clock_span(lost)} were not written down",
        )
    confidence = _confidence(view, region)
    if confidence is not None and confidence < LOW_CONFIDENCE:
        return BilingualText(
            f"{clock_span(span)} 的转写把握只有 {confidence:.0%}",
            f"the words at {clock_span(span)} were written with a confidence of only {confidence:.0%}",
        )
    return None


def _unwritten(view: CallView, role: Role | None, span: Span) -> Span | None:
    """The longest stretch inside ``span`` that ``role`` may have spoken and nobody wrote down, if long enough."""
    longest: Span | None = None
    for coverage in view.call.signals.coverage:
        if role is not None and coverage.role not in (role, Role.UNKNOWN):
            continue
        for lost in coverage.unwritten:
            inside = Span(max(lost.start_s, span.start_s), min(lost.end_s, span.end_s))
            if inside.duration_s >= max(UNWRITTEN_S, longest.duration_s if longest else -inf):
                longest = inside
    return longest


def _confidence(view: CallView, region: Region) -> float | None:
    """Mean word probability of the turns in ``region``, by characters; ``None`` without words."""
    weight = characters = 0.0
    for index in region.turns(view):
        confidence = view.turns[index].confidence
        if confidence is not None:
            length = len(view.turns[index].text)
            weight += confidence * length
            characters += length
    return weight / characters if characters else None
