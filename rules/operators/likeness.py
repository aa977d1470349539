"""How alike two texts are: by the two-character pieces that they share."""


def pieces(text: str) -> frozenset[str]:
    """The two-character pieces of a text; a single character is its own piece.

    >>> sorted(pieces("再见吧"))
    ['再见', '见吧']
    """
    return frozenset(text[i : i + 2] for i in range(len(text) - 1)) or frozenset({text})


def dice(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared pieces of two texts, 0–1.

    Source: L. R. Dice, Measures of the amount of ecologic association, Ecology 26 (1945) 297–302.
    """
    return 2 * len(one & other) / (len(one) + len(other))


def contained(example: frozenset[str], text: frozenset[str]) -> float:
    """Share of the example's pieces that the text has, 0–1, however much else it says.

    >>> contained(pieces("办不了"), pieces("这个真的办不了啊"))
    1.0
    """
    return len(example & text) / len(example)
