"""Checks of the machine: Python and packages, cores and memory, room on disks, clock."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.asr.weights import default_cache_dir
from pipeline.batch.doctor.findings import Finding, ill, shown_bytes, warn, well
from pipeline.batch.version import code_version
from pipeline.settings import Settings, usable_cores
from pipeline.store.inspection import sqlite_file

SHOWN_PACKAGES = ("faster-whisper", "ctranslate2", "av", "numpy", "scikit-learn", "SQLAlchemy")
"""Those that change what is transcribed, judged or stored."""
TESTED_VERSIONS = Path(__file__).parents[3] / "constraints.txt"
WORKER_BYTES = 700e6
"""What one worker takes with the model base in int8. Source: docs/operations.md, measured on the sample calls."""
FREE_BYTES = {"database": (500e6, 5e9), "temp": (200e6, 1e9), "cache": (300e6, 1e9)}
"""Free room below which a disk fails, and below which it is warned of. Source: docs/operations.md."""
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that runs right shows less: this code is younger."""


def check_machine(settings: Settings) -> Iterator[Finding]:
    """Everything that needs no model and no database."""
    yield well("程序", "earmark", f"{code_version()} · Python {sys.version.split()[0]}")
    yield check_packages()
    yield check_cores(settings.worker_count, settings.cpu_threads, usable_cores())
    yield check_memory(settings.worker_count, available_bytes())
    yield from check_disks(settings)
    yield check_clock(datetime.now(UTC), settings.timezone, synchronised=_clock_synchronised())


def check_packages() -> Finding:
    """Whether what earmark needs is there, in the versions that it is tested with."""
    missing, other = [], []
    tested = _tested_versions()
    for line in requires("earmark") or ():
        name = line.partition(";")[0].rstrip().split("[")[0].split(">")[0].split("=")[0].strip()
        if "extra ==" in line:
            continue
        try:
            found = version(name)
        except PackageNotFoundError:
            missing.append(name)
            continue
        wanted = tested.get(_plain(name), found)
        if wanted != found:
            other.append(f"{name} {found} (tested: {wanted})")
    if missing:
        again = "pip install -c constraints.txt '.[base-model]'"
        return ill(
            "依赖包", "packages", f"missing: {', '.join(missing)}", f"重新安装：{again}", f"install again: {again}"
        )
    if other:
        return warn(
            "依赖包",
            "packages",
            ", ".join(other),
            "按 constraints.txt 安装经过测试的版本：pip install -c constraints.txt .",
            "install the versions that are tested: pip install -c constraints.txt .",
        )
    return well("依赖包", "packages", ", ".join(f"{name} {version(name)}" for name in SHOWN_PACKAGES))


def check_cores(workers: int, threads: int, cores: int) -> Finding:
    """Whether workers fight for cores."""
    found = f"{workers} workers × {threads} threads on {cores} cores"
    if workers * threads > cores:
        return warn(
            "处理器",
            "processor",
            found,
            f"workers × cpu_threads 不要超过 {cores}，否则互相争抢、更慢",
            f"set workers and cpu_threads so that they need no more than {cores}: more only fight for cores",
        )
    return well("处理器", "processor", found)


def check_memory(workers: int, free_bytes: float | None) -> Finding:
    """Whether all workers fit in at once."""
    if free_bytes is None:
        return well("内存", "memory", "not told by this system")
    needed = workers * WORKER_BYTES
    found = f"{shown_bytes(free_bytes)} free, {workers} workers take about {shown_bytes(needed)}"
    if free_bytes < needed:
        fitting = int(free_bytes // WORKER_BYTES)
        return warn(
            "内存",
            "memory",
            found,
            f"把 workers 减到 {max(1, fitting)}，或加内存，否则夜里会有进程被系统终止",
            f"set workers to {max(1, fitting)} or add memory: else the system will kill workers at night",
        )
    return well("内存", "memory", found)


def check_disks(settings: Settings) -> Iterator[Finding]:
    """Room where calls are stored, where files pass through, and where the speech model lies."""
    file = sqlite_file(settings.db)
    places = (
        ("database", "数据库磁盘", "database disk", file.absolute().parent if file is not None else None),
        ("temp", "临时目录", "temporary folder", Path(tempfile.gettempdir())),
        ("cache", "模型缓存", "model cache", default_cache_dir()),
    )
    for use, zh, en, folder in places:
        if folder is not None:
            yield check_disk(zh, en, folder, *FREE_BYTES[use])


def check_disk(zh: str, en: str, folder: Path, least_bytes: float, wished_bytes: float) -> Finding:
    """Whether there is room, and whether we may write there."""
    there = next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))
    if not os.access(there, os.W_OK):
        return ill(
            zh,
            en,
            f"{there}: no permission to write",
            f"给运行账号写入权限：{there}",
            f"let this user write to {there}",
        )
    free = shutil.disk_usage(there).free
    found = f"{shown_bytes(free)} free in {folder}"
    if free < least_bytes:
        room = shown_bytes(least_bytes)
        return ill(zh, en, found, f"至少腾出 {room}", f"make room: at least {room}")
    if free < wished_bytes:
        room = shown_bytes(wished_bytes)
        return warn(zh, en, found, f"最好留出 {room} 以上", f"better keep {room} free")
    return well(zh, en, found)


def check_clock(now: datetime, zone: str, *, synchronised: bool | None) -> Finding:
    """Whether the clock is right, as far as one machine can tell."""
    local = now.astimezone(ZoneInfo(zone))
    found = f"{local:%Y-%m-%d %H:%M:%S %z} {zone}"
    if now < EARLIEST:
        return ill(
            "时钟与时区",
            "clock, time zone",
            found,
            "系统时间明显错误：启用时间同步（timedatectl set-ntp true）",
            "the clock is wrong: turn on its synchronisation (timedatectl set-ntp true)",
        )
    if synchronised is False:
        return warn(
            "时钟与时区",
            "clock, time zone",
            f"{found}, not synchronised",
            "启用时间同步：timedatectl set-ntp true；多台机器共用一个数据库时尤其重要",
            "turn on synchronisation: timedatectl set-ntp true; machines that share a database need it",
        )
    return well("时钟与时区", "clock, time zone", found)


def available_bytes() -> float | None:
    """Memory that this process may still take: the machine's, or what its container leaves it."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    free = next((float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = float(Path("/sys/fs/cgroup/memory.current").read_text())
    except (OSError, ValueError):
        return free
    if limit == "max" or free is None:
        return free
    return min(free, float(limit) - used)


def _clock_synchronised() -> bool | None:
    """Whether the clock follows others; ``None`` where nobody here knows."""
    try:
        asked = subprocess.run(
            ["timedatectl", "show", "--property=NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(asked.stdout.strip())


def _tested_versions() -> dict[str, str]:
    """From constraints.txt, where earmark runs from its sources; empty elsewhere."""
    if not TESTED_VERSIONS.is_file():
        return {}
    pairs = (line.split("==") for line in TESTED_VERSIONS.read_text().splitlines() if "==" in line)
    return {_plain(name): wanted for name, wanted in pairs}


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
