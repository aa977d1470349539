"""Masked words on a page: placeholders to read, the masked characters beneath for whatever counts characters."""

from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from pipeline.domain.personal import masked_runs, shown


@pass_context
def finalize(context: Context, value: Any) -> Any:
    """What a template writes for ``value``: text with placeholders in the language of the page."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return shown(value, english=_is_english(context))
    return value


@pass_context
def spoken(context: Context, text: str) -> Markup:
    """``text`` of a transcript, whose placeholders are drawn by the style sheet and are no characters of the page.

    What a listener selects, and where a word is lit up while it is heard, is counted in characters of the transcript.
    """
    parts: list[Markup] = []
    position = 0
    for start, end in masked_runs(text):
        hidden = text[start:end]
        label = shown(hidden, english=_is_english(context))
        parts.append(escape(text[position:start]))
        parts.append(Markup('<span class="pd" data-as="{}">{}</span>').format(label, hidden))
        position = end
    return Markup("").join([*parts, escape(text[position:])])


def _is_english(context: Context) -> bool:
    return bool(context.get("language") == "en")
