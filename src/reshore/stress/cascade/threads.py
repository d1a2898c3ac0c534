"""Parts of one work over threads: which thread takes which part changes nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor


def in_threads(parts: Sequence[range], worker: Callable[[], Callable[[range], None]], threads: int | None) -> None:
    """Runs every part once; each thread has a worker of its own and takes the next part when it is free."""
    count = min(threads if threads is not None else os.cpu_count() or 1, len(parts))
    if count <= 1:
        run = worker()
        for part in parts:
            run(part)
        return
    waiting = iter(parts)
    lock = threading.Lock()

    def loop() -> None:
        run = worker()
        while True:
            with lock:
                part = next(waiting, None)
            if part is None:
                return
            run(part)

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(loop) for _ in range(count)]:
            done.result()
