"""Executors by name: one file and one line in the table each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.batch.executors.base import Executor, Load
from pipeline.domain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ExecutorOptions:
    """What an operator may choose about where the work is done."""

    cores: int = 1
    """Cores of this machine that may be used."""
    cpu_threads: int = 1
    """Threads of each worker, for an executor that has to make room for them."""
    ray_address: str = "local"
    """``local`` for a cluster of this machine alone, else where a running cluster listens, ``HOST:PORT``."""
    ray_gpus: float = 0.0
    """GPUs of each Ray worker; a part, such as 0.5, lets two share one."""


def _local(load: Load, options: ExecutorOptions) -> Executor:
    from pipeline.batch.executors.local import LocalExecutor

    return LocalExecutor(load, cores=options.cores)


def _ray(load: Load, options: ExecutorOptions) -> Executor:
    from pipeline.batch.executors.ray import RayExecutor

    return RayExecutor(load, address=options.ray_address, cpus=options.cpu_threads, gpus=options.ray_gpus)


EXECUTORS: Mapping[str, Callable[[Load, ExecutorOptions], Executor]] = {
    "local": _local,
    "ray": _ray,
}


def open_executor(name: str, load: Load, options: ExecutorOptions) -> Executor:
    """The executor of that name; it starts nothing until it is asked for a slot or its room.

    Raises:
        ConfigError: the name is unknown, or what it needs is not installed.
    """
    make = EXECUTORS.get(name)
    if make is None:
        raise ConfigError(f"--executor {name}: known are {', '.join(EXECUTORS)}")
    return make(load, options)
