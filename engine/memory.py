"""How much memory the process has needed at most, and giving back what it needs no more."""

from __future__ import annotations

import ctypes
import logging
import sys

log = logging.getLogger(__name__)

MIB = 2**20


def give_back_unused() -> None:
    """Return freed memory to the system, after something large was closed.

    glibc keeps what a thread has freed for that thread's successors. A show that changes clips
    all evening would hold on to a decoder's worth for each. Elsewhere the system's own allocator
    sees to it. Takes some ms; any thread but the presenter's.
    """
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError) as error:  # another libc, which has no such call
        log.debug("memory is not given back: %s", error)


def peak_memory_mib() -> float:
    """The largest resident size so far, in MiB; NaN where the system doesn't tell."""
    peak = _peak_bytes_windows() if sys.platform == "win32" else _peak_bytes_posix()
    return peak / MIB


def peak_gpu_memory_mib() -> float | None:
    """The most that torch has held on CUDA devices; None without torch or CUDA in use."""
    torch = sys.modules.get("torch")  # a question about memory must not load a gigabyte of library
    if torch is None or not torch.cuda.is_initialized():
        return None
    num_devices = torch.cuda.device_count()
    return sum(torch.cuda.max_memory_allocated(i) for i in range(num_devices)) / MIB


def _peak_bytes_posix() -> float:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # KiB on Linux, bytes on macOS


def _peak_bytes_windows() -> float:
    import ctypes
    from ctypes import wintypes

    class ProcessMemoryCounters(ctypes.Structure):
        _fields_ = [
            ("cb", wintypes.DWORD),
            ("PageFaultCount", wintypes.DWORD),
            ("PeakWorkingSetSize", ctypes.c_size_t),
            ("WorkingSetSize", ctypes.c_size_t),
            ("QuotaPeakPagedPoolUsage", ctypes.c_size_t),
            ("QuotaPagedPoolUsage", ctypes.c_size_t),
            ("QuotaPeakNonPagedPoolUsage", ctypes.c_size_t),
            ("QuotaNonPagedPoolUsage", ctypes.c_size_t),
            ("PagefileUsage", ctypes.c_size_t),
            ("PeakPagefileUsage", ctypes.c_size_t),
        ]

    counters = ProcessMemoryCounters()
    counters.cb = ctypes.sizeof(counters)
    process = ctypes.windll.kernel32.GetCurrentProcess  # type: ignore[attr-defined]
    process.restype = wintypes.HANDLE
    query = ctypes.windll.psapi.GetProcessMemoryInfo  # type: ignore[attr-defined]
    query.argtypes = [wintypes.HANDLE, ctypes.POINTER(ProcessMemoryCounters), wintypes.DWORD]
    if not query(process(), ctypes.byref(counters), counters.cb):
        return float("nan")
    return float(counters.PeakWorkingSetSize)
