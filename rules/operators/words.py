"""What operators that read words have in common: how they tell what they found."""

from collections.abc import Sequence

from pipeline.domain.results import BilingualText
from rules.region import Region
from rules.spots import Match, in_order
from rules.view import CallView
from rules.wording import ROLE_NAMES, clock, shorten


def describe_words(view: CallView, match: Match) -> BilingualText:
    """``0:19 坐席说「…」`` for each spot, in one line."""
    zh, en = [], []
    for spot in match:
        who, when = ROLE_NAMES[spot.role], clock(view.span_of(spot).start_s)
        said = shorten(view.quote(spot))
        zh.append(f"{when} {who.zh}说「{said}」{'（读音相同）' if spot.by_sound else ''}")
        en.append(f"{when} {who.en}: “{said}”{' (by sound)' if spot.by_sound else ''}")
    return BilingualText("，".join(zh), ", ".join(en))


def near_miss_of_words(view: CallView, region: Region, anywhere: Sequence[Match]) -> BilingualText:
    """What was said elsewhere or by the other party, or that it was not said at all."""
    if region.is_nowhere:
        return BilingualText("前后参照的内容没有出现", "what it is relative to was not found")
    if not anywhere:
        return BilingualText("整通电话都没有说到", "not said anywhere in the call")
    nearest = in_order(anywhere)[0]
    found = describe_words(view, nearest)
    if region.role is not None and all(match[0].role is not region.role for match in anywhere):
        wanted = ROLE_NAMES[region.role]
        return BilingualText(
            f"说到了，但不是{wanted.zh}说的：{found.zh}", f"said, but not by the {wanted.en}: {found.en}"
        )
    return BilingualText(f"说到了，但不在范围内：{found.zh}", f"said, but outside the scope: {found.en}")
