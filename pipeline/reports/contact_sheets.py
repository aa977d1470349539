"""The sheets of what customers say of calls, and why they call."""

from collections.abc import Iterator

from pipeline.reports.cells import Cell, Rate, Sheet, change_cells, share_cells
from pipeline.reports.labels import LABELS
from pipeline.reports.model import Reason, Report
from pipeline.reports.needs_sheets import places
from pipeline.reports.page import Say
from pipeline.reports.reasons import HARD


def contact_sheets(report: Report, say: Say) -> Iterator[Sheet]:
    """Fake satisfaction and contact reasons, where metadata tell of them."""
    found = report.satisfaction
    if found is not None:
        heads = [say(LABELS["measure"]), say(LABELS["calls_of"]), say(LABELS["share"]), "n", "low", "high"]
        heads += [say(LABELS["last_value"]), "n", "low", "high", "±", "low", "high", "p", say(LABELS["hear"])]
        rows: list[list[Cell]] = [
            [
                say(LABELS["fake_row"]), found.fake.calls[0], *share_cells(found.fake), *share_cells(found.fake_last),
                *change_cells(found.fake_change), places([one.moment for one in found.hear_fake]),
            ],
            [
                say(LABELS["hidden_row"]), found.hidden.calls[0], *share_cells(found.hidden), *[None] * 8,
                places([one.moment for one in found.hear_hidden]),
            ],
        ]  # fmt: skip
        yield say(LABELS["fake"]), heads, rows
    if report.reasons is not None:
        heads = [say(LABELS[name]) for name in ("reason", "calls", "share", "cumulative", "solved")]
        heads += ["n", "low", "high", say(LABELS["survey"]), "n", f"{say(LABELS['handling'])} s", say(LABELS["hard"])]
        heads += [say(LABELS["best_team"]), say(LABELS["hear"])]
        yield say(LABELS["reasons"]), heads, [_reason(one, say) for one in report.reasons.rows]


def _reason(one: Reason, say: Say) -> list[Cell]:
    head: list[Cell] = [one.name, one.share.calls[0], Rate(one.share.value or 0.0), Rate(one.cumulative)]
    hard = "、".join(say(HARD[name]) for name in one.hard) or say(LABELS["easy"])
    means: list[Cell] = [one.survey, one.survey_n, one.handling_s]
    return [*head, *share_cells(one.solved), *means, hard, one.best_team, places(one.hear)]
