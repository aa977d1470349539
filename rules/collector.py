"""Loading without the garbage collector's passes."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """Cyclic garbage collection is off inside, and as before afterwards.

    Loading a pack makes many objects that all stay; looking through them again and again took a third of the time
    at 5,000 rules (benchmarks/rules.py).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
