"""Everything that can be said of rule files without a call: errors and lint."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain.calls import Role
from pipeline.domain.errors import RulePackError
from pipeline.evaluation.labelled import LabelledCall
from rules.lint import CallLengths, Finding, Problem, lint, placed
from rules.loader import load_sources, read_folders


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found."""

    files: int
    problems: tuple[Problem, ...]
    """Errors: rules cannot be run before these are mended."""
    findings: tuple[Finding, ...]
    """Warnings."""


@dataclass(frozen=True, slots=True)
class CheckRow:
    """An error or a warning as data."""

    level: str
    file: str
    line: int
    column: int
    kind: str
    rule: str
    message: str
    message_en: str
    remedy: str
    remedy_en: str


def check_folders(folders: Sequence[Path], *, lengths: CallLengths | None = None) -> Checked:
    """The errors and warnings of all rule files in the folders."""
    files, unreadable = read_folders(folders)
    return check_files(files, unreadable=unreadable, lengths=lengths)


def check_files(
    files: Sequence[tuple[str, str]], *, unreadable: Sequence[str] = (), lengths: CallLengths | None = None
) -> Checked:
    """The errors and warnings of rule files given by label and text."""
    problems: tuple[Problem, ...] = ()
    try:
        load_sources(files, problems=unreadable)
    except RulePackError as error:
        problems = tuple(sorted(map(placed, error.problems), key=lambda problem: problem.place))
    return Checked(len(files), problems, lint(files, lengths=lengths))


def check_rows(checked: Checked) -> list[CheckRow]:
    """Errors first, then warnings, each by place."""
    errors = [
        CheckRow("error", one.place.file, one.place.line, one.place.column, "error", "", "", one.message, "", "")
        for one in checked.problems
    ]
    warnings = [
        CheckRow(
            level="warning",
            file=one.place.file,
            line=one.place.line,
            column=one.place.column,
            kind=one.kind.value,
            rule=one.rule,
            message=one.what.zh,
            message_en=one.what.en,
            remedy=one.remedy.zh,
            remedy_en=one.remedy.en,
        )
        for one in checked.findings
    ]
    return errors + warnings


def call_lengths(calls: Sequence[LabelledCall]) -> CallLengths:
    """The median lengths of the calls. Raises: ValueError without calls."""
    from statistics import median_high

    transcripts = [call.call.transcript for call in calls]
    of_a_party = [
        max(sum(turn.role is role for turn in transcript.turns) for role in Role) for transcript in transcripts
    ]
    return CallLengths(
        turns=median_high(len(transcript.turns) for transcript in transcripts),
        turns_of_a_party=median_high(of_a_party),
        duration_s=median_high(transcript.duration_s for transcript in transcripts),
    )
