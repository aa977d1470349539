"""Checks of what earmark works with: the database, the review desk's secret and accounts, the webhook."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from pipeline.batch.doctor.findings import Finding, ill, shown_bytes, warn, well
from pipeline.batch.webhook import open_webhook
from pipeline.domain.errors import ConfigError, StoreError
from pipeline.settings import Settings
from pipeline.store.accounts import all_accounts
from pipeline.store.database import HEAD_REVISION, open_database
from pipeline.store.inspection import NETWORK_FILESYSTEMS, DatabaseFacts, check_integrity, inspect_database

DATABASE = ("数据库", "database")
CLOCK_TOLERANCE_S = 5.0
"""Clocks further apart than this make leases end early or late; they last 90 seconds."""


def check_services(settings: Settings, *, full: bool) -> Iterator[Finding]:
    """Everything about database, desk and webhook."""
    try:
        facts = inspect_database(settings.db)
    except (StoreError, ConfigError) as error:
        yield ill(
            *DATABASE,
            str(error),
            "检查地址、密码、服务是否启动以及磁盘",
            "check address, password, whether the server runs, and the disk",
        )
        return
    yield check_database(facts, settings.db)
    if facts is not None:
        yield from check_care(facts)
    if full and facts is not None:
        yield check_whole(settings.db)
    yield check_desk(settings, facts)
    yield check_webhook(settings)


def check_database(facts: DatabaseFacts | None, url: str) -> Finding:
    """Whether it can be used as it is."""
    if facts is None:
        return warn(
            *DATABASE,
            f"{url} is not there yet",
            "第一次 earmark run 会建立它；若应当已有数据，请检查 --db",
            "the first `earmark run` makes it; if there should be calls already, check --db",
        )
    size = f" · {shown_bytes(facts.size_bytes)}" if facts.size_bytes is not None else ""
    found = f"{facts.url} · {facts.server} · migration {facts.revision}{size}"
    if facts.writable is not None:
        return ill(
            *DATABASE,
            f"{found}: {facts.writable}",
            "给运行账号写入权限；若被锁住，等另一个进程结束",
            "let this user write to it; if it is locked, let the other process finish",
        )
    if facts.revision is not None and facts.revision > HEAD_REVISION:
        return ill(
            *DATABASE,
            f"{found}, this code knows up to {HEAD_REVISION}",
            "数据库由更新版本写入：升级 earmark",
            "a newer earmark wrote it: update earmark",
        )
    if not facts.is_current:
        return warn(
            *DATABASE,
            f"{found}, this code is at {HEAD_REVISION}",
            "先备份；下一条命令会自动升级它",
            "make a backup; the next command brings it up to date by itself",
        )
    return well(*DATABASE, found)


def check_care(facts: DatabaseFacts) -> Iterator[Finding]:
    """How it is kept: the log of SQLite, the clock of a server."""
    if facts.journal is not None:
        named = ("数据库日志", "database journal")
        kind = f"{facts.journal}, on {facts.filesystem or 'an unknown filesystem'}"
        if facts.filesystem in NETWORK_FILESYSTEMS:
            yield ill(
                *named,
                kind,
                "SQLite 不能放在网络盘上，会损坏：移到本机磁盘，或改用 PostgreSQL",
                "SQLite breaks on a network share: move it to a local disk, or use PostgreSQL",
            )
        elif facts.journal != "wal":
            yield warn(
                *named, kind, "需要 WAL 才能边写边读：检查该磁盘", "reading while writing needs WAL: look at that disk"
            )
        else:
            yield well(*named, kind)
    elif abs(facts.clock_ahead_s) > CLOCK_TOLERANCE_S:
        yield warn(
            "数据库时钟",
            "database clock",
            f"{facts.clock_ahead_s:+.1f} s from ours",
            "在各台机器上启用时间同步：租约靠时间判断",
            "turn on synchronisation on every machine: leases go by the clock",
        )
    else:
        yield well("数据库时钟", "database clock", f"{facts.clock_ahead_s:+.1f} s from ours")


def check_whole(url: str) -> Finding:
    """Whether the file is undamaged."""
    named = ("数据库完整性", "database integrity")
    try:
        problem = check_integrity(url)
    except StoreError as error:
        problem = str(error)
    if problem is None:
        return well(*named, "whole")
    return ill(*named, problem, "从备份恢复（docs/operations.md）", "restore the backup (docs/operations.md)")


def check_desk(settings: Settings, facts: DatabaseFacts | None) -> Finding:
    """Whether somebody can come in at the review desk, and stay."""
    named = ("复核台", "review desk")
    accounts = []
    if facts is not None and facts.is_current:
        database = open_database(settings.db)
        try:
            accounts = [account for account in all_accounts(database) if account.active]
        finally:
            database.close()
    roles = sorted({account.role.value for account in accounts})
    found = f"{len(accounts)} accounts ({', '.join(roles)})" if accounts else "no accounts"
    if settings.review_secret is None:
        return warn(
            *named,
            f"{found}, no review_secret",
            "设置 EARMARK_REVIEW_SECRET，否则每次重启都要重新登录",
            "set EARMARK_REVIEW_SECRET: else every restart logs everyone out",
        )
    if not accounts:
        return warn(
            *named,
            found,
            "建立账号：earmark users add 登录名 --role reviewer",
            "make accounts: earmark users add LOGIN --role reviewer",
        )
    return well(*named, f"{found}, secret set")


def check_webhook(settings: Settings) -> Finding:
    """Whether alerts could be posted; nothing is."""
    named = ("告警推送", "alerts")
    if settings.webhook is None:
        return well(*named, "no webhook is set")
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    try:
        webhook = open_webhook(settings.webhook, secret)
    except ConfigError as error:
        return ill(*named, str(error), "设置 EARMARK_WEBHOOK_SECRET", "set EARMARK_WEBHOOK_SECRET")
    found = f"{webhook.host}, signed, for {', '.join(settings.alert_rules)}"
    if urlsplit(settings.webhook).scheme == "http" and webhook.host not in ("localhost", "127.0.0.1", "::1"):
        return warn(
            *named,
            f"{found}, without TLS",
            "改用 https：告警里有坐席和录音名",
            "use https: alerts name agents and recordings",
        )
    return well(*named, found)
