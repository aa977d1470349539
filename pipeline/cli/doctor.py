"""`earmark doctor`: whether this installation would get through the night."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import DbOption, Format, FormatOption, console, print_rows

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.batch.doctor import Finding

# Shape and word before colour.
HEALTH_SIGN = {"ok": "✔", "warning": "▲", "failed": "✘"}
HEALTH_ZH = {"ok": "正常", "warning": "注意", "failed": "失败"}
HEALTH_STYLE = {"ok": "green", "warning": "yellow", "failed": "bold red"}


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding as data."""

    check: str
    check_zh: str
    health: str
    found: str
    remedy: str | None
    remedy_zh: str | None


def doctor(
    db: DbOption = None,
    asr_model: Annotated[
        str | None, typer.Option("--asr-model", metavar="NAME|DIR", help="Speech model [default: base].")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Also transcribe a second of sound, and read weights and database in whole.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Check models, rules, database, disks, codecs and clock, and say what to do. 体检"""
    from pipeline.batch.doctor import Health, examine

    findings = []
    out = console()
    for finding in examine(db=db, asr_model=asr_model, full=full):
        findings.append(finding)
        if form == Format.TABLE:
            _print_finding(out, finding)
    if form == Format.TABLE:
        _print_sum(out, findings)
    else:
        print_rows([_row(finding) for finding in findings], form)
    if any(finding.health == Health.FAILED for finding in findings):
        raise typer.Exit(1)


def _print_finding(out: "Console", finding: "Finding") -> None:
    from rich.table import Table
    from rich.text import Text

    style = HEALTH_STYLE[finding.health]
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(width=6, no_wrap=True)
    table.add_column(width=30, no_wrap=True)
    table.add_column(overflow="fold")
    sign = Text(f"{HEALTH_SIGN[finding.health]} {HEALTH_ZH[finding.health]}", style=style)
    name = Text.assemble(finding.check.zh, (f" {finding.check.en}", "dim"))
    table.add_row(sign, name, Text(finding.found))
    if finding.remedy is not None:
        table.add_row("", "", Text(f"→ {finding.remedy.zh}", style=style))
        table.add_row("", "", Text(finding.remedy.en, style="dim"))
    out.print(table)


def _print_sum(out: "Console", findings: "list[Finding]") -> None:
    from rich.text import Text

    counts = {health: sum(finding.health == health for finding in findings) for health in HEALTH_SIGN}
    parts = [
        (f"{HEALTH_ZH[health]} {count} {health}", HEALTH_STYLE[health]) for health, count in counts.items() if count
    ]
    line = Text(" · ").join(Text(text, style=style) for text, style in parts)
    out.print()
    out.print(line)


def _row(finding: "Finding") -> FindingRow:
    remedy = finding.remedy
    return FindingRow(
        check=finding.check.en,
        check_zh=finding.check.zh,
        health=finding.health.value,
        found=finding.found,
        remedy=None if remedy is None else remedy.en,
        remedy_zh=None if remedy is None else remedy.zh,
    )
