"""A process that ends with the one that started it. All that is loaded for this is loaded by each such process, so it
is little: asyncio alone would take a fifth of the time in which a process is ready to hear.
"""

import multiprocessing
import os
import threading
from multiprocessing.process import BaseProcess


def end_with_the_process_that_asks() -> None:
    """In a worker: when that process is killed it would wait for work for ever, and hold its output open."""
    asking = multiprocessing.parent_process()
    if asking is not None:
        threading.Thread(target=_end_after, args=(asking,), daemon=True).start()


def _end_after(process: BaseProcess) -> None:
    process.join()
    os._exit(1)
