"""The words in which rules explain themselves: Chinese first, English beside it."""

from collections.abc import Iterable, Sequence

from pipeline.domain.calls import Role, Span
from pipeline.domain.results import BilingualText

ROLE_NAMES = {
    Role.AGENT: BilingualText("坐席", "agent"),
    Role.CUSTOMER: BilingualText("客户", "customer"),
    Role.UNKNOWN: BilingualText("某一方", "a party"),
}
_SHOWN = 3
"""Phrases or finds named before a list is cut short: a reviewer reads the first ones only."""
_QUOTE_CHARACTERS = 40


def clock(seconds: float) -> str:
    """Minutes and seconds into the call.

    >>> clock(83.6)
    '1:23'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def clock_span(span: Span) -> str:
    """``0:05–0:12``."""
    return f"{clock(span.start_s)}–{clock(span.end_s)}"


def shorten(text: str, characters: int = _QUOTE_CHARACTERS) -> str:
    """``text`` cut to a length that can be read at a glance.

    >>> shorten("一二三四五", 3)
    '一二…'
    """
    return text if len(text) <= characters else text[: characters - 1] + "…"


def quoted(phrases: Sequence[str]) -> BilingualText:
    """Phrases in quotation marks, the first few by name.

    >>> quoted(["您好", "喂", "早", "嗨"]).zh
    '「您好」「喂」「早」等 4 种说法'
    """
    shown = phrases[:_SHOWN]
    more = len(phrases) > _SHOWN
    return BilingualText(
        "".join(f"「{phrase}」" for phrase in shown) + (f"等 {len(phrases)} 种说法" if more else ""),
        ", ".join(f"“{phrase}”" for phrase in shown) + (f" … ({len(phrases)} phrases)" if more else ""),
    )


def joined(parts: Iterable[BilingualText], zh: str, en: str) -> BilingualText:
    """Several texts as one, with a Chinese and an English word between them."""
    kept = [part for part in parts if part.zh]
    return BilingualText(zh.join(part.zh for part in kept), en.join(part.en for part in kept))


def listed(parts: Sequence[BilingualText]) -> BilingualText:
    """Finds one after the other, cut after the first few."""
    shown = joined(parts[:_SHOWN], "；", "; ")
    if len(parts) <= _SHOWN:
        return shown
    return BilingualText(f"{shown.zh}；等 {len(parts)} 处", f"{shown.en}; {len(parts)} in all")
