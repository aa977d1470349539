"""Who holds a lease: a process, named so that another can tell whether it still lives."""

import os
import socket
from pathlib import Path


def this_process() -> str:
    """A name for this process that no other, before or after a restart of the machine, will have."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Whether the process called ``owner`` surely lives no more; never true for another machine's."""
    host, pid, started = owner.rsplit(":", 2)
    return host == socket.gethostname() and _started(int(pid)) != started


def _started(pid: int) -> str:
    """Boot and start time of a process on this machine; ``gone`` where there is none."""
    # Source: proc(5): after the name in brackets come the state, and 19 fields later the start in ticks since boot.
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except FileNotFoundError:
        return "gone" if Path("/proc").is_dir() else _alive_without_proc(pid)
    # A zombie has ended; only its parent has not asked how.
    return "gone" if state == "Z" else f"{boot}/{fields[18]}"


def _alive_without_proc(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        pass
    return "alive"
