"""Word to systemd that a service has started, lives and stops, as `sd_notify(3)` describes it."""

import os
import socket
from typing import Mapping, Optional

__all__ = ["Notifier"]


class Notifier:
    """Sends datagrams to `$NOTIFY_SOCKET`; without one it does nothing. interval: s between two signs of life, half of
    `$WATCHDOG_USEC`, or None where nobody waits for any. failed: what could not be sent."""

    def __init__(self, environment: Optional[Mapping[str, str]] = None) -> None:
        given = os.environ if environment is None else environment
        self.address = given.get("NOTIFY_SOCKET", "")
        # another process of the service may be the one that is watched
        ours = given.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        usec = given.get("WATCHDOG_USEC", "")
        watched = bool(self.address) and ours and usec.isdigit() and int(usec) > 0
        self.interval = int(usec) / 2e6 if watched else None
        self.sent = self.failed = 0
        self._due: Optional[float] = None

    def send(self, text: str) -> None:
        """Such as "READY=1". Never waits, and never raises."""
        if not self.address:
            return
        # a name that begins with @ lies in no directory
        where = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as one:
                one.setblocking(False)
                one.sendto(text.encode(), where)
            self.sent += 1
        except OSError:
            self.failed += 1

    def alive(self, now: float) -> None:
        """A sign of life where one is due. now: s of a clock; if that goes back, one is due at once."""
        if self.interval is None:
            return
        due = self._due
        # twice as often as is asked for, since the next call may come a period later
        if due is None or now >= due or now < due - self.interval:
            self.send("WATCHDOG=1")
            self._due = now + 0.5 * self.interval
