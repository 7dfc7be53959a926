"""What becomes of the memory that arrays have left.

The C library of Linux gives larger arrays' memory back to the system at once, which hands out the same pages again,
zeroed, for the next arrays: a tenth of the time where thousands of arrays of a few megabytes follow each other.
"""

import ctypes
from typing import Final

_SETTINGS: Final = {
    -1: 1 << 30,  # M_TRIM_THRESHOLD: free memory at the heap's end from which on some is given back
    -2: 16 << 20,  # M_TOP_PAD: what the heap grows by
    -3: 32 << 20,  # M_MMAP_THRESHOLD: size of arrays that lie outside of the heap; the largest that glibc takes
}
"""Numbers of glibc's parameters, as its malloc.h has them, and their values in bytes."""


def keep_freed_memory() -> bool:
    """Let this process keep the memory that its arrays have left for the next ones; return whether that could be set.

    It grows to what it once needed at most. Where the C library is not glibc, nothing changes.
    """
    try:
        set_parameter = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl and macOS; Windows
        return False
    is_set = [set_parameter(number, n_byte) == 1 for number, n_byte in _SETTINGS.items()]
    return all(is_set)
