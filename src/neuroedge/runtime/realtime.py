"""What the system can do for a loop to be on time, each part tried by itself: memory that stays, a scheduler that puts
it first, a core of its own."""

import ctypes
import os
import resource
from typing import Any, Callable, List, Optional

__all__ = ["RealTime"]

# MCL_CURRENT | MCL_FUTURE of sys/mman.h
_ALL = 3

# below the kernel's own threads for interrupts, which have 50
_PRIORITY = 40

_LIMITS = "or, in /etc/security/limits.conf: USER - {0}; in a unit of systemd: {1}"


class RealTime:
    """While entered: memory is locked (mlockall), this thread is scheduled first (SCHED_FIFO), and runs on `cpu`
    alone, if one is given. granted, refused: texts; a refusal comes with its cure. At the end all is as before."""

    def __init__(self, cpu: Optional[int] = None) -> None:
        self._cpu = cpu
        self.granted: List[str] = []
        self.refused: List[str] = []
        self._undo: List[Callable[[], Any]] = []

    def __enter__(self) -> "RealTime":
        self.granted, self.refused = [], []
        for part in (self._lock, self._first, self._pin):
            part()
        return self

    def __exit__(self, *error: object) -> None:
        while self._undo:
            try:
                self._undo.pop()()
            except OSError:
                pass

    def probe(self) -> List[str]:
        """What would be refused now."""
        with self:
            return list(self.refused)

    def _lock(self) -> None:
        cure = "run as root, " + _LIMITS.format("memlock unlimited", "LimitMEMLOCK=infinity")
        libc = ctypes.CDLL(None, use_errno=True)
        limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
        if not hasattr(libc, "mlockall"):
            self.refused.append("memory lock: this system has no mlockall")
        elif limit != resource.RLIM_INFINITY and os.geteuid() != 0:
            # it might be granted now, and then every allocation beyond the limit would fail
            self.refused.append(f"memory lock: at most {limit >> 10:,} KB may be locked; {cure}")
        elif libc.mlockall(_ALL):
            self.refused.append(f"memory lock: {os.strerror(ctypes.get_errno())}; {cure}")
        else:
            self.granted.append("memory locked")
            self._undo.append(libc.munlockall)

    def _first(self) -> None:
        if not hasattr(os, "sched_setscheduler"):
            self.refused.append("real-time scheduling: this system has no SCHED_FIFO")
            return
        if (os.cpu_count() or 1) < 2:
            self.refused.append("real-time scheduling: on a single core a loop that hangs would lock the machine")
            return
        before, given = os.sched_getscheduler(0), os.sched_getparam(0)
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
        except OSError as error:
            cure = "run as root, " + _LIMITS.format(f"rtprio {_PRIORITY}", f"LimitRTPRIO={_PRIORITY}")
            self.refused.append(f"real-time scheduling: {error.strerror}; {cure}")
            return
        self.granted.append(f"SCHED_FIFO {_PRIORITY}")
        self._undo.append(lambda: os.sched_setscheduler(0, before, given))

    def _pin(self) -> None:
        if self._cpu is None:
            return
        try:
            before = os.sched_getaffinity(0)
            os.sched_setaffinity(0, {self._cpu})
        except (AttributeError, OSError, ValueError, OverflowError) as error:
            allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
            self.refused.append(f"core {self._cpu}: {error}; this process may use {allowed}")
            return
        self.granted.append(f"core {self._cpu}")
        self._undo.append(lambda: os.sched_setaffinity(0, before))
