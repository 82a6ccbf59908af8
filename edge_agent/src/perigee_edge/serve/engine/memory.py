"""How the C library treats memory that is freed.

Loading a network of 40 MB frees 100 MB that glibc would keep, and running it frees as much again
and again. Another C library has its own ways, and nothing is done there.
"""

import ctypes
from typing import Any, Final

# From <malloc.h> of glibc; mallopt(3).
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8

_KIB: Final = 1024
_MIB: Final = 1024 * _KIB


def give_back_all() -> None:
    """While a model loads: return every larger block to the system as soon as it is freed."""
    mallopt = _c_function("mallopt")
    if mallopt:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, 64 * _KIB)
        mallopt(_M_TRIM_THRESHOLD, 64 * _KIB)


def give_back_large() -> None:
    """While it serves: keep what requests need over and over, and return what the network needs.

    Memory that is new to the process costs a page fault every 4 KiB: for requests of 1 MiB that
    doubles the server's share of the latency.
    """
    mallopt, malloc_trim = _c_function("mallopt"), _c_function("malloc_trim")
    if mallopt and malloc_trim:
        malloc_trim(0)
        mallopt(_M_MMAP_THRESHOLD, 2 * _MIB)
        mallopt(_M_TRIM_THRESHOLD, 16 * _MIB)


def _c_function(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None)
