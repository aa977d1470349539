"""Simplified Chinese, whatever the model wrote."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import opencc


@cache
def _converter() -> "opencc.OpenCC":
    return opencc.OpenCC("t2s")


def simplify(text: str) -> str:
    """``text`` with traditional characters simplified.

    >>> simplify("後四位")
    '后四位'
    """
    return str(_converter().convert(text))


def simplify_words(texts: Sequence[str]) -> list[str]:
    """Each of ``texts`` simplified, in the context of all where that leaves their lengths alone.

    >>> simplify_words(["乾", "杯", "，", "核實"])
    ['干', '杯', '，', '核实']
    """
    whole = "".join(texts)
    simple = simplify(whole)
    if len(simple) != len(whole):
        return [simplify(text) for text in texts]
    ends = [0]
    for text in texts:
        ends.append(ends[-1] + len(text))
    return [simple[start:end] for start, end in pairwise(ends)]
