"""`earmark privacy`: keys of what is masked, and masking what earlier versions stored."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.originals import keys_of
from pipeline.cli.output import DbOption, Format, FormatOption, console, message, print_rows
from pipeline.domain.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.settings import Settings

app = typer.Typer(help="Masked data: keys, older databases, pseudonyms. 个人信息", no_args_is_help=True)
keys_app = typer.Typer(help="The keys that close what is masked. 密钥", no_args_is_help=True)
app.add_typer(keys_app, name="key")


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as data; never the key itself."""

    key: str
    made: str
    closes: bool
    """Whether new originals are closed with it."""
    originals: int
    paths: int
    in_file: bool


@keys_app.command("new")
def new() -> None:
    """Add a key to key_file, which from now on closes; the first one makes the file. 新增密钥"""
    from pipeline.privacy.keys import add_key

    ring = add_key(_key_file())
    message(f"key {ring.newest.id} is in {ring.file} and closes from now on: keep a copy apart from the database")
    if len(ring.keys) > 1:
        message(
            "running processes go on with the older key until they are started anew; then: earmark privacy key rotate"
        )


@keys_app.command("list")
def list_keys(db: DbOption = None, form: FormatOption = Format.TABLE) -> None:
    """Show the keys, without what they are, and how much each closes. 密钥列表"""
    from rich.table import Table

    from pipeline.privacy.keys import read_keys
    from pipeline.store.database import open_database
    from pipeline.store.originals import originals_by_key
    from pipeline.store.places import places_by_key

    ring = read_keys(_key_file())
    database = open_database(_settings(db).db)
    originals, paths = originals_by_key(database), places_by_key(database)
    made = {key.id: key.made.isoformat(timespec="seconds") for key in ring.keys}
    rows = [
        KeyRow(
            key_id,
            made.get(key_id, ""),
            closes=key_id == ring.newest.id,
            originals=originals.get(key_id, 0),
            paths=paths.get(key_id, 0),
            in_file=key_id in made,
        )
        for key_id in dict.fromkeys([*made, *originals, *paths])
    ]
    if form != Format.TABLE:
        print_rows(rows, form)
        return
    table = Table("密钥 key", "生成 made", "加密 closes", "原文 originals", "路径 paths", box=None)
    for row in rows:
        state = "yes" if row.closes else "" if row.in_file else "缺失 not in the file"
        table.add_row(row.key, row.made, state, str(row.originals), str(row.paths))
    console().print(table)


@keys_app.command("rotate")
def rotate_keys(db: DbOption = None) -> None:
    """Close all originals and paths with the newest key; cut off, run it again. 轮换密钥"""
    from pipeline.batch.protect import rotate, rotate_paths
    from pipeline.privacy.keys import read_keys
    from pipeline.store.database import open_database
    from pipeline.store.originals import originals_by_key
    from pipeline.store.places import places_by_key

    ring = read_keys(_key_file())
    database = open_database(_settings(db).db)
    done = rotate(database, ring)
    paths = rotate_paths(database, ring)
    message(f"{done} originals and {paths} paths were closed anew with key {ring.newest.id}")
    needed = {*originals_by_key(database), *places_by_key(database)}
    unused = [key.id for key in ring.keys[:-1] if key.id not in needed]
    if unused:
        message(
            f"nothing here needs {', '.join(unused)} any more: their lines can go from {ring.file} once no backup "
            "of the database needs them and no run uses them"
        )


@app.command("protect")
def protect(db: DbOption = None) -> None:
    """Mask what earlier versions stored, close paths, and rewrite the database; cut off, run it again. 屏蔽旧数据"""
    from pipeline.batch.protect import protect as mask_everything
    from pipeline.store.database import open_database

    settings = _settings(db)
    keys = keys_of(settings)
    if keys is None and settings.originals == "encrypted":
        raise ConfigError(
            "without a key what is masked now is lost for good: set key_file (`earmark privacy key new` makes it), "
            "or originals = none if that is wanted"
        )
    done = mask_everything(
        open_database(settings.db),
        keys,
        own_numbers=settings.own_numbers,
        told=lambda count: message(f"{count} calls masked"),
    )
    message(
        f"{done.calls} calls, the descriptions of {done.recordings} recordings and {done.typed} further texts were "
        f"masked, {done.paths} paths closed. Backups that were made before still hold what was said"
    )


@app.command("pseudonym")
def show_pseudonym(
    customer: Annotated[str, typer.Argument(help="A customer's number, as the manifest has it.")],
) -> None:
    """Print what stands for a customer's number in the database. 客户化名"""
    import sys

    from pipeline.privacy.keys import read_keys
    from pipeline.privacy.sealing import pseudonym
    from pipeline.text.written_numbers import is_personal

    ring = read_keys(_key_file())
    sys.stdout.write(f"{pseudonym(ring, customer) if is_personal(customer) else customer}\n")


def _settings(db: str | None) -> "Settings":
    from pipeline.settings import load_settings

    return load_settings(db=db)


def _key_file() -> Path:
    """The file that the settings name. Raises: ConfigError."""
    file = _settings(None).key_file
    if file is None:
        raise ConfigError('no key_file is set: key_file = "/etc/earmark/keys" in earmark.toml, or EARMARK_KEY_FILE')
    return file.absolute()
