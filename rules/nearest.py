"""The valid name nearest to a misspelt one."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'phrase'?``, or the known names where none is near.

    >>> did_you_mean("phrse", ["phrase", "regex"])
    "; did you mean 'phrase'?"
    """
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(names)}" if names else "; there are none"
