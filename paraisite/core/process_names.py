"""Names of processes that others on the same machine can ask after."""

import os
import socket


def name_process() -> str:
    """Return a name of this process, without dots: its machine's and its number."""
    return f"{_host()}-{os.getpid()}"


def is_gone(name: str) -> bool:
    """Return whether a process of this machine has ended; False for one of another machine, which nobody here knows."""
    host, _, number = name.rpartition("-")
    if host != _host() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def _host() -> str:
    return socket.gethostname().replace(".", "-").replace(os.sep, "-")
