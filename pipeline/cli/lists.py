"""`earmark calls`, `earmark hits`, `earmark show`: reading what runs have stored."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import (
    ROLE_STYLE,
    ROLE_ZH,
    SEVERITY_SIGN,
    SEVERITY_STYLE,
    STATE_ZH,
    DbOption,
    Format,
    FormatOption,
    clock,
    console,
    print_rows,
)
from pipeline.cli.unmask import unmasked
from pipeline.domain.errors import ConfigError
from pipeline.domain.personal import masked_runs, shown
from pipeline.text.visible import visible

if TYPE_CHECKING:
    from rich.text import Text

    from pipeline.domain.calls import Turn
    from pipeline.domain.predictions import Predictions
    from pipeline.domain.results import BilingualText, RuleResult
    from pipeline.store.database import Database
    from pipeline.store.listings import Filter, ListedCall, ListedHit

RuleOption = Annotated[
    list[str] | None, typer.Option("--rule", metavar="ID", help="Only these rules; may be repeated.")
]
AgentOption = Annotated[str | None, typer.Option("--agent", help="Only calls of this agent.")]
TeamOption = Annotated[str | None, typer.Option("--team", help="Only calls of this team.")]
SinceOption = Annotated[datetime | None, typer.Option("--since", help="Only calls that began then or later.")]
UntilOption = Annotated[datetime | None, typer.Option("--until", help="Only calls that began before.")]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many rows.")]


SEVERITIES = list(SEVERITY_SIGN)
"""From most to least urgent."""


class StateChoice(StrEnum):
    """States of a recording, to filter by."""

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"
    QUARANTINED = "quarantined"


class OutcomeChoice(StrEnum):
    """Outcomes that are stored row by row, to filter by."""

    HIT = "hit"
    NOT_EVALUABLE = "not_evaluable"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"


def calls(
    db: DbOption = None,
    flagged: Annotated[bool, typer.Option("--flagged", help="Only calls with a hit.")] = False,
    state: Annotated[StateChoice | None, typer.Option("--state", help="Only recordings in this state.")] = None,
    rule: RuleOption = None,
    agent: AgentOption = None,
    team: TeamOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List calls, the ones to hear first on top. 通话列表"""
    from pipeline.store.listings import list_calls, rule_titles

    database = open_stored(db)
    wanted = _filter(rule, agent, team, since, until, limit)
    titles = rule_titles(database)
    check_rules(wanted, titles)
    rows = list_calls(database, wanted, flagged=flagged, state=state.value if state else None)
    if form == Format.TABLE:
        _calls_table(rows, titles)
    else:
        print_rows(rows, form)


def hits(
    db: DbOption = None,
    rule: RuleOption = None,
    outcome: Annotated[
        list[OutcomeChoice] | None,
        typer.Option("--outcome", help="Outcomes to list; may be repeated [default: hit].", show_default=False),
    ] = None,
    call: Annotated[str | None, typer.Option("--call", help="Only this call.")] = None,
    agent: AgentOption = None,
    team: TeamOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List hits with their evidence, one row for each piece of evidence. 命中列表"""
    from dataclasses import replace

    from pipeline.cli.originals import find_call
    from pipeline.domain.results import Outcome
    from pipeline.store.listings import list_hits, rule_titles

    database = open_stored(db)
    wanted = _filter(rule, agent, team, since, until, limit)
    if call:
        wanted = replace(wanted, recording_id=find_call(database, call))
    titles = rule_titles(database)
    check_rules(wanted, titles)
    outcomes = [Outcome(choice.value) for choice in outcome or [OutcomeChoice.HIT]]
    rows = list_hits(database, wanted, outcomes=outcomes)
    if form == Format.TABLE:
        _hits_table(rows, titles)
    else:
        print_rows(rows, form)


def show(
    call: Annotated[str, typer.Argument(help="File name, path, or the start of an id.")],
    db: DbOption = None,
    clear: Annotated[bool, typer.Option("--clear", help="Unmasked, with a --reason for the audit log.")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="With --clear: why you need it.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Read one call with its marks; what is personal as placeholders. 查看通话"""
    from pipeline.cli.originals import find_call
    from pipeline.domain.results import Outcome
    from pipeline.store.listings import Filter, list_calls, list_hits, rule_titles
    from pipeline.store.results import stored_call

    database = open_stored(db)
    recording_id = find_call(database, call)
    (listed,) = list_calls(database, Filter(recording_id=recording_id))
    if clear and form != Format.TABLE:
        raise ConfigError("--clear shows a call to a person: leave out --format")
    if form != Format.TABLE:
        outcomes = [Outcome(choice.value) for choice in OutcomeChoice]
        print_rows(list_hits(database, Filter(recording_id=recording_id), outcomes=outcomes), form)
        return
    out = console()
    out.print(_call_header(listed), style="bold")
    stored = stored_call(database, recording_id)
    if stored is None:
        out.print(f"{STATE_ZH[listed.state]} {listed.state}: {shown(listed.message or 'not transcribed yet')}")
        return
    transcript = unmasked(database, stored, reason) if clear else stored.call.transcript
    marks = [result for result in stored.results if result.outcome != Outcome.NOT_APPLICABLE]
    _print_marks(marks, rule_titles(database))
    _print_predictions(stored.predictions)
    for turn in transcript.turns:
        out.print(_turn_line(turn, marks))


def open_stored(db: str | None) -> "Database":
    """The database of an earlier run. Raises: StoreError where there is none."""
    from pipeline.settings import load_settings
    from pipeline.store.database import open_database

    return open_database(load_settings(db=db).db)


def _filter(
    rules: list[str] | None,
    agent: str | None,
    team: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
) -> "Filter":
    from pipeline.store.listings import Filter

    return Filter(rules=rules or (), agent=agent, team=team, since=in_zone(since), until=in_zone(until), limit=limit)


def check_rules(wanted: "Filter", titles: "dict[str, BilingualText]") -> None:
    """Returns if every rule was in a run.

    Raises:
        ConfigError: one was in none; a slip of the pen would read as a quiet night.
    """
    import difflib

    for rule in wanted.rules:
        if rule not in titles:
            near = difflib.get_close_matches(rule, titles, n=1)
            hint = f"; did you mean {near[0]}?" if near else ": `earmark rules list` names them"
            raise ConfigError(f"no run had a rule {rule!r}{hint}")


def in_zone(moment: datetime | None) -> datetime | None:
    """The moment in the zone of the settings, as written on the command line without one."""
    from zoneinfo import ZoneInfo

    from pipeline.settings import load_settings

    return moment.replace(tzinfo=ZoneInfo(load_settings().timezone)) if moment else None


def _calls_table(rows: "list[ListedCall]", titles: "dict[str, BilingualText]") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim", collapse_padding=True)
    table.add_column("风险\nrisk", justify="right", no_wrap=True)
    table.add_column("录音\nrecording", no_wrap=True)
    table.add_column("状态\nstate", no_wrap=True)
    table.add_column("开始时间\nstarted", no_wrap=True)
    table.add_column("坐席\nagent", no_wrap=True)
    table.add_column("班组\nteam", no_wrap=True)
    table.add_column("时长\nlength", justify="right", no_wrap=True)
    table.add_column("命中\nhits", no_wrap=True)
    table.add_column("从此听\nhear from", justify="right", no_wrap=True)
    table.add_column("为什么\nwhy")
    for row in rows:
        why = "、".join(titles[rule].zh if rule in titles else rule for rule in row.rules) or shown(row.message or "")
        # The blank lets a narrow table break the line before what the models say.
        why = " ".join(filter(None, [why, "、".join(_suspicions(row))]))
        if row.not_evaluable:
            why += f"（无法判定 {row.not_evaluable}）"
        table.add_row(
            "" if row.risk is None else str(row.risk),
            shown(visible(row.recording)),
            STATE_ZH[row.state],
            row.started_at.strftime("%m-%d %H:%M") if row.started_at else "",
            row.agent or "",
            row.team or "",
            clock(row.duration_s),
            _severity_counts(row),
            clock(row.start_s),
            why,
        )
    console().print(table)


def _suspicions(row: "ListedCall") -> list[str]:
    """What the classifiers expect of a call above their thresholds."""
    found = (
        ("可能不满", row.dissatisfied_flagged, row.dissatisfied),
        ("可能升级", row.escalation_flagged, row.escalation),
    )
    return [f"{what} {likely:.2f}" for what, flagged, likely in found if flagged and likely is not None]


def _severity_counts(row: "ListedCall") -> "Text":
    from rich.text import Text

    counts = (("critical", row.critical), ("alert", row.alert), ("minor", row.minor))
    return Text("  ").join(
        Text(f"{SEVERITY_SIGN[severity]}{count}", SEVERITY_STYLE[severity]) for severity, count in counts if count
    )


def _hits_table(rows: "list[ListedHit]", titles: "dict[str, BilingualText]") -> None:
    """One row for each rule on each call: its pieces of evidence are in the explanation."""
    from itertools import groupby

    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim", collapse_padding=True)
    table.add_column("录音\nrecording", no_wrap=True)
    table.add_column("从此听\nhear from", justify="right", no_wrap=True)
    table.add_column("规则\nrule", no_wrap=True)
    table.add_column("把握\nsure", justify="right", no_wrap=True)
    table.add_column("说明\nexplanation", ratio=1)
    by_finding = sorted(rows, key=lambda row: (row.recording, row.id, SEVERITIES.index(row.severity), row.rule))
    for _, group in groupby(by_finding, key=lambda row: (row.id, row.rule)):
        pieces = list(group)
        first = pieces[0]
        surest = max(pieces, key=lambda piece: piece.confidence or 0.0)
        rule = Text(f"{SEVERITY_SIGN[first.severity]} ", SEVERITY_STYLE[first.severity])
        rule.append(titles[first.rule].zh if first.rule in titles else first.rule)
        sound = "≈" if surest.by_sound else ""
        table.add_row(
            shown(visible(first.recording)),
            clock(min((piece.start_s for piece in pieces if piece.start_s is not None), default=None)),
            rule,
            "" if surest.confidence is None else f"{sound}{surest.confidence:.2f}",
            Text(shown(first.explanation)),
        )
    console().print(table)


def _call_header(listed: "ListedCall") -> str:
    started = listed.started_at.strftime("%Y-%m-%d %H:%M") if listed.started_at else None
    parts = (visible(listed.recording), started, listed.agent, listed.team, listed.queue, clock(listed.duration_s))
    return shown("  ".join(part for part in parts if part))


def _print_marks(results: "Iterable[RuleResult]", titles: "dict[str, BilingualText]") -> None:
    from rich.text import Text

    from pipeline.domain.results import Outcome

    words = {Outcome.HIT: "命中", Outcome.NOT_EVALUABLE: "无法判定", Outcome.ERROR: "规则出错"}
    out = console()
    for result in results:
        title = titles[result.rule_id].zh if result.rule_id in titles else result.rule_id
        times = "、".join(clock(piece.start_s) for piece in result.evidence)
        line = Text(f"  {words[result.outcome]}  ", "bold red" if result.outcome == Outcome.HIT else "magenta")
        line.append(f"{title} {result.rule_id}", "bold").append(f"  {times}  " if times else "  ")
        out.print(line.append(shown(result.explanation.zh)))
    out.print()


def _print_predictions(predictions: "Predictions | None") -> None:
    """What the classifiers expect, where they expect it above their thresholds, and the words that moved them."""
    from rich.text import Text

    if predictions is None:
        return
    expected = (
        ("客户可能不满 dissatisfied", predictions.dissatisfied),
        ("可能升级 escalation", predictions.escalation),
    )
    flagged = [(what, prediction) for what, prediction in expected if prediction.flagged]
    for what, prediction in flagged:
        line = Text("  模型  ", "bold cyan").append(what, "bold").append(f"  {prediction.probability:.2f}  ")
        words = list(dict.fromkeys(shown(word.text.strip()) for word in prediction.words))
        console().print(line.append(f"依据：{'、'.join(words)}" if words else ""))
    if flagged:
        console().print()


def _readable(text: "Text") -> "Text":
    """The text with placeholders for what is masked, in the style of its first character."""
    from rich.text import Text

    readable, position = Text(), 0
    for start, end in masked_runs(text.plain):
        readable.append_text(text[position:start])
        placeholder = Text(shown(text.plain[start:end]))
        placeholder.spans = [span._replace(end=len(placeholder)) for span in text[start : start + 1].spans]
        readable.append_text(placeholder)
        position = end
    return readable.append_text(text[position:])


def _turn_line(turn: "Turn", results: "Iterable[RuleResult]") -> "Text":
    from rich.text import Text

    text = Text(turn.text)
    rules = []
    for result in results:
        for piece in result.evidence:
            if piece.turn == turn.index:
                text.stylize("bold underline", piece.char_start or 0, piece.char_end or len(turn.text))
                rules.append(result.rule_id)
    line = Text(f"{clock(turn.start_s):>7}  ", "dim")
    line.append(f"{ROLE_ZH[turn.role.value]}  ", ROLE_STYLE[turn.role.value]).append_text(_readable(text))
    if rules:
        line.append(f"  ← {'、'.join(dict.fromkeys(rules))}", "red")
    return line
