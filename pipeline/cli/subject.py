"""`earmark subject …`: finding, handing out and erasing what is kept of one customer."""

import json
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import DbOption, Format, FormatOption, console, message, print_rows
from pipeline.cli.retention import ByOption, playback_folder, who

if TYPE_CHECKING:
    from pipeline.batch.subject import Erased, Found
    from pipeline.settings import Settings
    from pipeline.store.database import Database

app = typer.Typer(help="Find, hand out or erase what is kept of one customer. 客户请求", no_args_is_help=True)

CustomerOption = Annotated[
    list[str] | None, typer.Option("--customer", metavar="ID", help="Customer number; may be repeated.")
]
RecordingOption = Annotated[
    list[str] | None,
    typer.Option("--recording", metavar="CALL", help="File name, path or start of an id; may be repeated."),
]
SaysOption = Annotated[
    list[str] | None,
    typer.Option("--says", metavar="TEXT", help="Number or name said in the call; takes the key; may be repeated."),
]
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="A folder that is not there yet.")]


@dataclass(frozen=True, slots=True)
class SubjectCall:
    """A call of a customer."""

    id: str
    recording: str
    started_at: datetime | None
    agent: str | None
    queue: str | None
    hold: int | None
    """Number of the legal hold that keeps it."""


@app.command("find")
def find(
    customer: CustomerOption = None,
    recording: RecordingOption = None,
    says: SaysOption = None,
    db: DbOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the calls of a customer. 查找客户的通话"""
    settings, database = _opened(db)
    found = _find(settings, database, customer, recording, says)
    rows = _calls(database, found)
    if form == Format.TABLE:
        _print_calls(rows)
    else:
        print_rows(rows, form)
    _tell_found(found)


@app.command("export")
def export(
    out: OutOption,
    customer: CustomerOption = None,
    recording: RecordingOption = None,
    says: SaysOption = None,
    sound: Annotated[bool, typer.Option("--sound", help="With a copy of each recording, unmasked.")] = False,
    db: DbOption = None,
    by: ByOption = None,
) -> None:
    """Write everything that is kept of a customer to a folder: a clear copy, for the customer. 导出给客户"""
    from pipeline.batch.subject_copy import write_copy
    from pipeline.cli.originals import keys_of
    from pipeline.store.accounts import audit

    settings, database = _opened(db)
    found = _find(settings, database, customer, recording, says)
    _need_calls(found)
    detail = {"what": "subject", "calls": len(found.recording_ids), "sound": sound}
    audit(database, account=None, login=who(by), action="export", detail=detail)
    copied = write_copy(database, found.recording_ids, out, keys=keys_of(settings), sound=sound)
    message(f"已写入 {out}：{copied.calls} 通。{copied.calls} calls written; only you may read the folder")
    for line in copied.remarks:
        message(line)
    _tell_found(found)


@app.command("erase")
def erase(
    out: OutOption,
    customer: CustomerOption = None,
    recording: RecordingOption = None,
    says: SaysOption = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="ID", help="Finish an erasure that was cut off.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    db: DbOption = None,
    by: ByOption = None,
) -> None:
    """Erase everything that is kept of a customer but what must stay, and certify it. 抹去"""
    from pipeline.batch.subject import Found, erase_subject
    from pipeline.cli.originals import usable_keys
    from pipeline.domain.errors import ConfigError

    settings, database = _opened(db)
    _check_out(out)
    if resume is None:
        found = _find(settings, database, customer, recording, says)
        _need_calls(found)
        _print_calls(_calls(database, found))
        _tell_found(found)
        if not yes:
            if not sys.stdin.isatty():
                raise ConfigError("nobody to ask: confirm with --yes. Nothing was erased")
            if not typer.confirm("抹去以上通话，不能恢复？ Erase these calls for good?", err=True):
                raise ConfigError("nothing was erased")
    else:
        found = Found((), 0, 0)
    done = erase_subject(
        database, found, by=who(by), playback=playback_folder(settings), resume=resume, keys=usable_keys(settings)
    )
    _write_certificate(done.certificate, out)
    _tell_erased(done, out)
    if not done.complete:
        raise typer.Exit(1)


@app.command("certificate")
def certificate(
    erasure: Annotated[str, typer.Argument(metavar="ID", help="Number of the erasure.")],
    out: OutOption,
    db: DbOption = None,
) -> None:
    """Write the certificate of an erasure once more. 补开证明"""
    from pipeline.store.erasure import kept_certificate

    _, database = _opened(db)
    _check_out(out)
    _write_certificate(kept_certificate(database, erasure), out)
    message(f"已写入 {out}。written")


def _opened(db: str | None) -> "tuple[Settings, Database]":
    from pipeline.settings import load_settings
    from pipeline.store.database import open_database
    from pipeline.store.erasure import unfinished_erasures

    settings = load_settings(db=db)
    database = open_database(settings.db)
    for one in unfinished_erasures(database):
        message(f"抹去 {one} 未完成：an erasure was cut off; finish it with earmark subject erase --resume {one}")
    return settings, database


def _find(
    settings: "Settings",
    database: "Database",
    customers: list[str] | None,
    calls: list[str] | None,
    says: list[str] | None,
) -> "Found":
    from pipeline.batch.subject import Wanted, find_subject
    from pipeline.cli.originals import find_call, keys_of
    from pipeline.domain.errors import ConfigError

    if not (customers or calls or says):
        raise ConfigError("whose calls? Give --customer ID, --recording CALL or --says TEXT")
    try:
        keys = keys_of(settings)
    except ConfigError as error:
        if says:
            raise
        # Also a customer whose originals nobody can open any more may ask.
        keys = None
        message(f"without keys: {error}")
    if says and keys is None:
        raise ConfigError("--says looks into originals, which takes key_file: set it, or use --customer or --recording")
    ids = tuple(find_call(database, call) for call in calls or ())
    return find_subject(database, Wanted(tuple(customers or ()), ids, tuple(says or ())), keys)


def _calls(database: "Database", found: "Found") -> list[SubjectCall]:
    from pipeline.store.erasure import subject_calls

    return [SubjectCall(**row) for row in subject_calls(database, found.recording_ids)]


def _print_calls(rows: list[SubjectCall]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("通话 call", "编号 id", "开始 started", "坐席 agent", "队列 queue", "保留 hold"):
        table.add_column(name)
    for row in rows:
        started = f"{row.started_at:%Y-%m-%d %H:%M}" if row.started_at else ""
        hold = str(row.hold) if row.hold is not None else ""
        table.add_row(row.recording, row.id[:12], started, row.agent or "", row.queue or "", hold)
    if rows:
        console().print(table)


def _need_calls(found: "Found") -> None:
    from pipeline.domain.errors import ConfigError

    if not found.recording_ids:
        more = f"; {found.originals_closed} originals stay closed, the key is lost" if found.originals_closed else ""
        raise ConfigError(f"no call of this customer was found{more}")


def _tell_found(found: "Found") -> None:
    message(f"找到 {len(found.recording_ids)} 通。{len(found.recording_ids)} calls")
    if found.originals_closed:
        message(
            f"{found.originals_closed} 通的原文打不开，没有查。the key does not open {found.originals_closed}:"
            " what was said there could not be searched"
        )


def _check_out(out: Path) -> None:
    from pipeline.domain.errors import ConfigError

    if out.exists():
        raise ConfigError(f"--out {out} is there already: name a folder that is not")
    if not out.absolute().parent.is_dir():
        raise ConfigError(f"--out {out}: there is no folder {out.absolute().parent}")


def _write_certificate(content: object, out: Path) -> None:
    from pipeline.cli.certificate_page import certificate_page

    assert isinstance(content, dict)
    out.mkdir()
    (out / "certificate.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (out / "certificate.html").write_text(certificate_page(content), encoding="utf-8")


def _tell_erased(done: "Erased", out: Path) -> None:
    certificate = done.certificate
    erased, held = certificate["erased"], certificate["held"]
    assert isinstance(erased, dict) and isinstance(held, dict)
    message(f"已抹去 {len(erased)} 通，证明在 {out}。{len(erased)} calls erased; the certificate is in {out}")
    if held:
        message(f"{len(held)} 通在法律保留中，没有抹去。{len(held)} calls are under a legal hold and stay")
    for place, why in done.left:
        message(f"文件没有删 file stays: {place}: {why}")
    if not done.complete:
        number = certificate["certificate"]
        message(f"没有全部完成 not complete: mend that, then earmark subject erase --resume {number} --out DIR")
