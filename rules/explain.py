"""What a verdict means, in words: for reviewers why a rule hit, for authors why each part of it did or did not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.domain.calls import Role
from pipeline.domain.results import BilingualText, Evidence
from rules.nodes import Group, Leaf, Named, Node, Not, Steps, Truth, Verdict
from rules.region import Region
from rules.scope import Scope
from rules.spots import Match, Spot
from rules.view import CallView
from rules.wording import clock_span, joined, listed, shorten

BY_SOUND_FACTOR = 0.7
"""How much less sure a match by sound is. A choice, not a measurement: it puts a find by sound below any exact find
of the same words that the model was reasonably sure of (median turn 0.85 on the sample calls)."""
_NOTHING = BilingualText("", "")


@dataclass(frozen=True, slots=True)
class Trace:
    """One condition of a rule on one call: what it means, whether it holds, where, or why not."""

    sentence: BilingualText
    truth: Truth
    evidence: tuple[Evidence, ...]
    note: BilingualText
    """Where it holds, or the nearest miss."""
    children: tuple["Trace", ...] = ()
    name: str | None = None


def sentence(node: Node) -> BilingualText:
    """What a condition means: ``坐席在前 2 轮说「您好」`` · ``agent, in the first 2 turns: “您好”``."""
    if isinstance(node, Named):
        return sentence(node.node)
    if isinstance(node, Not):
        return _absence_sentence(node)
    if isinstance(node, Leaf):
        return _leaf_sentence(node)
    if node.means is not None:
        return node.means
    if isinstance(node, Steps):
        return joined([sentence(step) for step in node.steps], "，然后", ", then ")
    if isinstance(node, Group):
        parts = [sentence(part) for part in node.parts]
        if node.count == len(parts):
            return joined(parts, "，并且", " and ")
        either = joined(parts, "，或者", " or ")
        if node.count == 1:
            return either
        return BilingualText(f"至少 {node.count} 项：{either.zh}", f"at least {node.count} of: {either.en}")
    return _NOTHING


def _placed(scope: Scope, what: BilingualText, negative: str = "") -> BilingualText:
    place = scope.sentence()
    en = f"{place.en}: {what.en}" if place.en else what.en
    return BilingualText(f"{place.zh}{negative}{what.zh}", en)


def _leaf_sentence(leaf: Leaf) -> BilingualText:
    text = _placed(leaf.scope, leaf.means or leaf.finder.sentence())
    for node, zh, en in ((leaf.where, "，而且", ", where "), (leaf.unless, "，除非", ", unless ")):
        if node is not None:
            inner = sentence(node)
            text = BilingualText(f"{text.zh}{zh}{inner.zh}", f"{text.en}{en}{inner.en}")
    return text


def _absence_sentence(node: Not) -> BilingualText:
    if node.means is not None:
        return node.means
    part = node.part.node if isinstance(node.part, Named) else node.part
    if isinstance(part, Leaf):
        positive = _placed(part.scope, part.means or part.finder.sentence(), "没有")
        return BilingualText(positive.zh, f"not {positive.en}")
    inner = sentence(part)
    return BilingualText(f"没有{inner.zh}", f"not {inner.en}")


def hit_explanation(node: Node, verdict: Verdict, view: CallView) -> BilingualText:
    """Why a rule hit: what was found where, or what was missing where."""
    if isinstance(node, Named):
        return hit_explanation(node.node, verdict, view)
    if isinstance(node, Not):
        return _absence(node, view)
    if isinstance(node, Group) and node.means is None and node.where is None and node.unless is None:
        verdicts = [(part, part.evaluate(view, None)) for part in node.parts]
        held = [hit_explanation(part, found, view) for part, found in verdicts if found.truth is Truth.TRUE]
        return joined(_distinct(held), "；", "; ")
    finds = listed([_describe(node, view, match) for match in verdict.matches])
    if node.means is not None:
        finds = BilingualText(f"{node.means.zh}：{finds.zh}", f"{node.means.en}: {finds.en}")
    if isinstance(node, Leaf | Group | Steps) and node.unless is not None and node.unless.means is not None:
        excuse = node.unless.means
        finds = BilingualText(f"{finds.zh}，没有{excuse.zh}", f"{finds.en}, without {excuse.en}")
    return finds


def _describe(node: Node, view: CallView, match: Match) -> BilingualText:
    leaf = _leaf_of(node, match)
    return leaf.finder.describe(view, match) if leaf is not None else _NOTHING


def _leaf_of(node: Node, match: Match) -> Leaf | None:
    """A leaf that can tell of this kind of match: of words, or of a measurement."""
    if isinstance(node, Leaf):
        return node
    leaves = [leaf for leaf in _leaves(node) if leaf.reads_words == (match[0].span is None)]
    return leaves[0] if leaves else None


def _leaves(node: Node) -> Iterable[Leaf]:
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, Named):
        yield from _leaves(node.node)
    elif isinstance(node, Group):
        for part in node.parts:
            yield from _leaves(part)
    elif isinstance(node, Steps):
        for step in node.steps:
            yield from _leaves(step)


def _absence(node: Not, view: CallView) -> BilingualText:
    text = _absence_sentence(node)
    places = [region for region, _ in node.searched(view, None) if not region.is_nowhere]
    if not places or all(region.is_everywhere for region in places):
        return BilingualText(f"全程{text.zh}", f"in the whole call: {text.en}")
    span = places[0].span(view)
    return BilingualText(f"{text.zh}（{clock_span(span)}）", f"{text.en} ({clock_span(span)})")


def _distinct(texts: Sequence[BilingualText]) -> list[BilingualText]:
    return list(dict.fromkeys(text for text in texts if text.zh))


def evidence_of(node: Node, verdict: Verdict, view: CallView) -> tuple[Evidence, ...]:
    """Where a hit was found; for an absence, the stretch that was looked through."""
    spots = dict.fromkeys(spot for match in verdict.matches for spot in match)
    if spots:
        return tuple(_evidence(view, spot) for spot in spots)
    regions = dict.fromkeys(region for region, _ in node.searched(view, None) if not region.is_nowhere)
    return tuple(_stretch(view, region) for region in list(regions)[:1])


def _evidence(view: CallView, spot: Spot) -> Evidence:
    span = view.span_of(spot)
    confidence = _confidence(view, spot) * (BY_SOUND_FACTOR if spot.by_sound else 1.0)
    return Evidence(
        start_s=span.start_s,
        end_s=span.end_s,
        role=spot.role,
        quote=view.quote(spot),
        turn=spot.turn if spot.turn >= 0 else None,
        char_start=spot.char_start if spot.turn >= 0 else None,
        char_end=spot.char_end if spot.turn >= 0 else None,
        confidence=confidence,
        by_sound=spot.by_sound,
    )


def _confidence(view: CallView, spot: Spot) -> float:
    """Mean probability of the words that a spot touches, by characters; 1.0 where there are none."""
    if spot.turn < 0 or not view.turns[spot.turn].words:
        return 1.0
    position, weight, characters = 0, 0.0, 0
    for word in view.turns[spot.turn].words:
        touched = min(spot.char_end, position + len(word.text)) - max(spot.char_start, position)
        position += len(word.text)
        if touched > 0:
            weight += touched * word.probability
            characters += touched
    return weight / characters if characters else 1.0


def _stretch(view: CallView, region: Region) -> Evidence:
    """Evidence for an absence: the time looked through, and the beginning of what was said in it."""
    span = region.span(view)
    said = "".join(view.turns[index].text for index in region.turns(view))
    known = [c for index in region.turns(view) if (c := view.turns[index].confidence) is not None]
    return Evidence(
        start_s=span.start_s,
        end_s=span.end_s,
        role=region.role or Role.UNKNOWN,
        quote=shorten(said),
        confidence=sum(known) / len(known) if known else 1.0,
    )


def trace(node: Node, view: CallView) -> Trace:
    """The whole tree of a rule's conditions on a call, near misses included."""
    verdict = node.evaluate(view, None)
    name = node.name if isinstance(node, Named) else None
    if isinstance(node, Named):
        inner = trace(node.node, view)
        return Trace(inner.sentence, inner.truth, inner.evidence, inner.note, inner.children, name)
    found = tuple(_evidence(view, spot) for match in verdict.matches for spot in match)
    return Trace(
        sentence=sentence(node),
        truth=verdict.truth,
        evidence=found,
        note=_note(node, verdict, view),
        children=_child_traces(node, view),
    )


def _child_traces(node: Node, view: CallView) -> tuple[Trace, ...]:
    if isinstance(node, Group):
        return tuple(trace(part, view) for part in node.parts)
    if isinstance(node, Steps):
        return tuple(trace(step, view) for step in node.steps)
    if isinstance(node, Not):
        return (trace(node.part, view),)
    return ()


def _note(node: Node, verdict: Verdict, view: CallView) -> BilingualText:
    if verdict.truth is Truth.UNKNOWN:
        return verdict.doubt or _NOTHING
    if isinstance(node, Leaf):
        if verdict.truth is Truth.TRUE:
            return listed([node.finder.describe(view, match) for match in verdict.matches])
        return _leaf_miss(node, view)
    if isinstance(node, Group) and verdict.truth is Truth.FALSE:
        held = sum(part.evaluate(view, None).truth is Truth.TRUE for part in node.parts)
        return BilingualText(
            f"{len(node.parts)} 项中成立 {held} 项，要 {node.count} 项",
            f"{held} of {len(node.parts)} hold, {node.count} needed",
        )
    return _NOTHING


def _leaf_miss(leaf: Leaf, view: CallView) -> BilingualText:
    """Why an operator found nothing that counts."""
    region = leaf.scope.resolve(view, None)
    dropped = [] if region.is_nowhere else list(leaf.finder.find(view, region))
    if not dropped:
        return leaf.finder.near_miss(view, region)
    found = listed([leaf.finder.describe(view, match) for match in dropped])
    excuse = leaf.unless if leaf.unless is not None else leaf.where
    why = sentence(excuse) if excuse is not None else _NOTHING
    if leaf.unless is not None:
        return BilingualText(f"{found.zh}，但属例外：{why.zh}", f"{found.en}, but excused: {why.en}")
    return BilingualText(f"{found.zh}，但不满足：{why.zh}", f"{found.en}, but not: {why.en}")
