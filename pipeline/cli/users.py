"""`earmark users`: who may log in to the review desk."""

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import DbOption, Format, FormatOption, console, message, print_rows
from pipeline.domain.accounts import AccountRole
from pipeline.domain.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.store.database import Database

app = typer.Typer(help="Accounts of the review desk. 账号", no_args_is_help=True)

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="Name to log in with.", show_default=False)]
RoleOption = Annotated[AccountRole, typer.Option("--role", help="What the account may do (docs/desk-security.md).")]
AgentOption = Annotated[
    str | None, typer.Option("--agent", metavar="ID", help="For the role agent: whose calls are the own ones.")
]
TeamOption = Annotated[
    str | None, typer.Option("--team", metavar="TEAM", help="For the role lead: whose calls to see.")
]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, one line, instead of asking.")
]
_LOGIN = re.compile(r"[\w.@+-]{1,60}")


@dataclass(frozen=True)
class ListedAccount:
    """An account in a list."""

    login: str
    name: str
    role: str
    agent: str | None
    team: str | None
    active: bool


@app.command("add")
def add(
    login: Login,
    role: RoleOption,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="As colleagues know them.")] = None,
    agent: AgentOption = None,
    team: TeamOption = None,
    password_stdin: StdinOption = False,
    db: DbOption = None,
) -> None:
    """Let somebody log in; asks for a password. 新增账号"""
    from pipeline.review.passwords import hash_password
    from pipeline.store.accounts import add_account, login_key

    if not _LOGIN.fullmatch(login_key(login)):
        raise ConfigError(f"login {login!r}: up to 60 letters, digits and . @ + - _, without spaces")
    _check_whose(role, agent, team)
    database = _database(db)
    made = add_account(
        database,
        login=login,
        name=name or login,
        role=role,
        password_hash=hash_password(_password(from_stdin=password_stdin)),
        agent=agent,
        team=team,
    )
    _note(database, made.login, f"added as {made.role}")
    message(f"{made.login} can log in as {made.role}")


@app.command("list")
def list_accounts(db: DbOption = None, form: FormatOption = Format.TABLE) -> None:
    """Show all accounts. 账号列表"""
    from rich.table import Table

    from pipeline.store.accounts import all_accounts

    found = [
        ListedAccount(one.login, one.name, one.role.value, one.agent, one.team, one.active)
        for one in all_accounts(_database(db))
    ]
    if form != Format.TABLE:
        print_rows(found, form)
        return
    table = Table("login", "name", "role", "agent", "team", "active", box=None)
    for one in found:
        table.add_row(one.login, one.name, one.role, one.agent or "", one.team or "", "yes" if one.active else "no")
    console().print(table)


@app.command("disable")
def disable(login: Login, db: DbOption = None) -> None:
    """Shut an account out, and end its sessions at once. 停用"""
    from pipeline.store.accounts import set_active

    database = _database(db)
    set_active(database, login, active=False)
    _note(database, login, "disabled")
    message(f"{login} can no longer log in")


@app.command("enable")
def enable(login: Login, db: DbOption = None) -> None:
    """Let a disabled account log in again. 启用"""
    from pipeline.store.accounts import set_active

    database = _database(db)
    set_active(database, login, active=True)
    _note(database, login, "enabled")
    message(f"{login} can log in")


@app.command("password")
def password(login: Login, password_stdin: StdinOption = False, db: DbOption = None) -> None:
    """Set a new password, and end the account's sessions. 重设密码"""
    from pipeline.review.passwords import hash_password
    from pipeline.store.accounts import find_account, set_password

    database = _database(db)
    if find_account(database, login) is None:
        raise ConfigError(f"there is no account {login!r}: `earmark users list` shows all")
    set_password(database, login, hash_password(_password(from_stdin=password_stdin)))
    _note(database, login, "new password")
    message(f"{login} has a new password and has to log in with it")


@app.command("role")
def role(
    login: Login, role: RoleOption, agent: AgentOption = None, team: TeamOption = None, db: DbOption = None
) -> None:
    """Give an account another role, and end its sessions. 变更角色"""
    from pipeline.store.accounts import set_role

    _check_whose(role, agent, team)
    database = _database(db)
    set_role(database, login, role, agent=agent, team=team)
    _note(database, login, f"role {role}")
    message(f"{login} is {role} from the next login on")


def _database(db: str | None) -> "Database":
    from pipeline.settings import load_settings
    from pipeline.store.database import open_database

    return open_database(load_settings(db=db).db)


def _note(database: "Database", login: str, change: str) -> None:
    """Enters a change of accounts into the audit log, as done by the user of the operating system."""
    import getpass

    from pipeline.store.accounts import audit

    audit(database, account=None, login=f"{getpass.getuser()} (console)", action="account", detail={login: change})


def _check_whose(role: AccountRole, agent: str | None, team: str | None) -> None:
    """Raises ConfigError where it would not be known whose calls the account sees."""
    if role == AccountRole.AGENT and not agent:
        raise ConfigError("--role agent needs --agent ID, the agent as the recordings name it: whose calls to show")
    if role == AccountRole.LEAD and not team:
        raise ConfigError("--role lead needs --team TEAM, the team as the recordings name it: whose calls to show")
    if agent and role != AccountRole.AGENT:
        raise ConfigError(f"--agent is for --role agent, not for {role}")
    if team and role not in (AccountRole.LEAD, AccountRole.AGENT):
        raise ConfigError(f"--team is for --role lead, not for {role}")


def _password(*, from_stdin: bool) -> str:
    """The password that was typed or sent. Raises: ConfigError, it cannot be taken."""
    from pipeline.review.passwords import problem

    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        given = typer.prompt("Password 密码", hide_input=True, confirmation_prompt="Again 再输一次", err=True)
    else:
        raise ConfigError("there is no terminal to ask for a password: send it with --password-stdin")
    wrong = problem(given)
    if wrong is not None:
        raise ConfigError(wrong)
    return str(given)
