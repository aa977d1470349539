"""Tables of figures with their intervals, for people and for machines."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from models.calibration import auc

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
DIALOGUES = ROOT / "data" / "dialogues"
SHARED = ROOT.parent / "shared" / "data"
"""Sets that the project may not contain; where they are absent, parts of the benchmark say so."""
RESAMPLES = 1_000


@dataclass(frozen=True)
class Section:
    """One table of the benchmark."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)
    """What a machine should compare from run to run."""


def print_sections(sections: Sequence[Section], *, form: str) -> None:
    """All tables on stdout, as Markdown or as JSON."""
    if form == "json":
        print(json.dumps([asdict(one) for one in sections], ensure_ascii=False, indent=1))
        return
    for one in sections:
        print(f"\n{one.title}\n")
        if one.rows:
            print("| " + " | ".join(one.headings) + " |")
            print("| " + " | ".join("---" for _ in one.headings) + " |")
        for row in one.rows:
            print("| " + " | ".join(row) + " |")
        for note in one.notes:
            print(f"{note}")


def missing(title: str, file: Path) -> Section:
    """Says that a part is left out, and why."""
    return Section(title, (), (), (f"left out: ../shared/data/{file.relative_to(SHARED)} is not on this machine",))


@dataclass(frozen=True)
class Ranking:
    """How well some scores rank, and how much better than others on the same examples."""

    value: float
    low: float
    high: float
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None

    def text(self) -> str:
        """Value and interval."""
        return f"{self.value:.3f} [{self.low:.3f}–{self.high:.3f}]"

    def gain_text(self) -> str:
        """Difference to the other scores and its interval; empty without others."""
        return "" if self.gain is None else f"{self.gain:+.3f} [{self.gain_low:+.3f} – {self.gain_high:+.3f}]"


def rank(
    scores: "NDArray[np.float64]",
    positive: "NDArray[np.bool_]",
    calls: Sequence[str],
    *,
    against: "NDArray[np.float64] | None" = None,
) -> Ranking:
    """AUC of ``scores`` with a 95 % interval, by a bootstrap that draws whole calls; both sides on the same draws."""
    import numpy as np

    sides = [scores] if against is None else [scores, against]
    whole = [auc(side.tolist(), positive.tolist()) for side in sides]
    drawn = [
        [auc(side[rows].tolist(), positive[rows].tolist()) for side in sides]
        for rows in draws(calls)
        if 0 < positive[rows].sum() < len(rows)
    ]
    if any(one is None for one in whole) or not drawn:
        raise ValueError("a ranking needs examples of both classes")
    values = np.array(drawn, dtype=np.float64)
    low, high = np.quantile(values[:, 0], [0.025, 0.975])
    if against is None:
        return Ranking(float(whole[0] or 0.0), float(low), float(high))
    gain_low, gain_high = np.quantile(values[:, 0] - values[:, 1], [0.025, 0.975])
    gain = float(whole[0] or 0.0) - float(whole[1] or 0.0)
    return Ranking(float(whole[0] or 0.0), float(low), float(high), gain, float(gain_low), float(gain_high))


def draws(calls: Sequence[str]) -> "list[NDArray[np.int64]]":
    """Rows of many samples, in each of which calls are drawn with replacement."""
    import numpy as np

    members: dict[str, list[int]] = {}
    for row, call in enumerate(calls):
        members.setdefault(call, []).append(row)
    of_call = [np.array(rows) for rows in members.values()]
    random = np.random.default_rng(0)
    return [
        np.concatenate([of_call[at] for at in random.integers(len(of_call), size=len(of_call))])
        for _ in range(RESAMPLES)
    ]
