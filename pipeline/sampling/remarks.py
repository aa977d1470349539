"""What is to be known of estimates beside their intervals."""

from collections.abc import Sequence
from typing import Protocol

from pipeline.domain.results import BilingualText
from pipeline.sampling.estimates import Basis


class Told(Protocol):
    """`pipeline.sampling.estimates.Figures`, or a row of them."""

    @property
    def hits_basis(self) -> str:
        """A `Basis`."""

    @property
    def audit_basis(self) -> str:
        """A `Basis`."""

    @property
    def open_picks(self) -> int:
        """Drawn, and not judged yet."""

    @property
    def uncovered(self) -> int:
        """Calls of which nothing can be said."""


def remarks(found: Sequence[Told]) -> list[BilingualText]:
    """What holds for some of the rules, the gravest first."""
    if not found:
        return []
    told = []
    if all(one.audit_basis == Basis.NONE for one in found):
        told.append(
            BilingualText(
                "没有审核过未命中的通话，所以没有召回率：抽样会抽出要审核的通话",
                "no unflagged call was audited, so recall is not known: a sampling plan chooses calls to audit",
            )
        )
    if any(Basis.AS_FOUND in (one.hits_basis, one.audit_basis) for one in found):
        told.append(
            BilingualText(
                "有些通话不是抽样抽中的，只好当作随机的：若先听的是风险高的，命中率会偏高",
                "some judged calls were not drawn and are taken for random ones: if the riskiest were heard first,"
                " precision is flattered",
            )
        )
    open_picks = max(one.open_picks for one in found)
    if open_picks:
        told.append(
            BilingualText(
                f"抽中的还有至多 {open_picks} 通没有复核，估计时假定它们与已复核的相像",
                f"up to {open_picks} picks are not judged yet and are taken to be like those that are",
            )
        )
    if any(one.uncovered for one in found):
        told.append(
            BilingualText(
                "有些规则：别的规则命中、它没有命中的通话一通也没有复核，召回率和发生率不含这些通话",
                "of some rules no call that only others flagged was judged: recall and prevalence leave those out",
            )
        )
    return told
