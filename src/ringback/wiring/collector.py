"""When Python looks for garbage: hardly ever in what stays."""

import atexit
import gc


def load_without_collecting() -> None:
    """Look for no garbage while the program is loaded, nor at its end.

    Loading makes up to 350,000 objects that all stay. By default Python looks through them again and again, and once
    more when it ends, which together took a third of the CPU of a short command.
    """
    gc.set_threshold(500_000, 10, 10)
    atexit.register(gc.freeze)


def tune_garbage_collector() -> None:
    """Once all is loaded: look less often, and never at what there is; what runs keep are plain records without cycles.

    With the interpreter's own thresholds it walks over all finished conversations again and again, which took about a
    fifth of the CPU of a large result.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
