"""What a source gives, and what a source is."""

from typing import Any, NamedTuple, Optional

from ..errors import NotReadyError

__all__ = ["PENDING", "Sample", "Source"]


class Sample(NamedTuple):
    """value: anything that the encoder takes. timestamp: s on the source's own clock, or None if it tells none."""

    value: Any
    timestamp: Optional[float] = None


# there is nothing new yet
PENDING = Sample(None)


class Source:
    """Where values come from. Own sources need no more than `read()` and `close()`.

    name: as error messages and reports call it. blocks: whether `read()` waits for the device, as cameras do; a loop
    then reads it from a thread. dropped: values that the source had, and passed over itself. where: file and row of the
    last value, if it has any.
    """

    name = "source"
    blocks = False
    dropped = 0
    where = ""

    def read(self) -> Optional[Sample]:
        """The next value with its timestamp; `PENDING` if there is nothing new, None at the end. Raises OSError or an
        error of ours where the device fails; it may be asked again."""
        raise NotReadyError(f"{self.name}: it has no read()")

    def reopen(self) -> None:
        """Try to get back a device that has failed."""

    def close(self) -> None:
        """Let go of the device."""

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"
