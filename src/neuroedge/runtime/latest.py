"""A source that blocks, read by a thread of its own: the loop takes what came last and never waits."""

import threading
from typing import Any, Optional

from .sample import PENDING, Sample, Source

__all__ = ["Latest", "REOPEN_AFTER", "back_off"]

# failures in a row after which a device is opened again
REOPEN_AFTER = 3

# s of the first pause between attempts, and of the longest: a device that is back is in use within two seconds
_FIRST, _LONGEST = 0.05, 1.0


def back_off(failures: int) -> float:
    """Seconds to wait after so many failures in a row: none at first, then 0.05, 0.1, … 1."""
    if failures < REOPEN_AFTER:
        return 0.0
    return min(_FIRST * 2.0 ** min(failures - REOPEN_AFTER, 10), _LONGEST)


class Latest(Source):
    """Reads `source` all the time, in a daemon thread. Of several values since the last `read()` the newest counts; the
    others are counted in `dropped`. Errors of the source are raised by the next `read()`, once each, and the thread
    goes on trying, opening the device again with growing pauses."""

    def __init__(self, source: Any) -> None:
        self.source = source
        self.name = str(getattr(source, "name", type(source).__name__))
        self._own = 0
        self._turn = threading.Lock()
        self._sample: Optional[Sample] = None
        self._error: Optional[Exception] = None
        self._ended = False
        self._stopped = threading.Event()
        self._thread: Optional[threading.Thread] = None

    @property
    def dropped(self) -> int:  # type: ignore[override]
        """Values that nobody took."""
        return self._own + int(getattr(self.source, "dropped", 0))

    def read(self) -> Optional[Sample]:
        """The newest value since the last call."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"neuroedge-{self.name}", daemon=True)
            self._thread.start()
        with self._turn:
            sample, self._sample = self._sample, None
            error, self._error = self._error, None
            ended = self._ended
            if sample is not None and error is not None:
                # both came since the last call: the error is told first
                sample, self._sample = None, sample
        if error is not None:
            raise error
        if sample is not None:
            return sample
        return None if ended else PENDING

    def stop(self, timeout: float = 1.0) -> None:
        """End the thread, waiting at most `timeout` s for a device that hangs; the source stays open."""
        self._stopped.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def close(self) -> None:
        """End the thread, and close the source."""
        self.stop()
        self.source.close()

    def _run(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                if failures >= REOPEN_AFTER:
                    getattr(self.source, "reopen", lambda: None)()
                sample = self.source.read()
            except Exception as error:  # of a stranger's device; the loop judges it
                failures += 1
                with self._turn:
                    self._error = error
                self._stopped.wait(max(back_off(failures), 0.001))
                continue
            failures = 0
            if sample is None:
                with self._turn:
                    self._ended = True
                return
            if sample is PENDING:
                self._stopped.wait(0.001)
                continue
            with self._turn:
                self._own += self._sample is not None
                self._sample = Sample(*sample)
