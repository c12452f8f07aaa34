"""Files of data that come with the package."""

from pathlib import Path

from ..errors import NativeError

__all__ = ["shipped"]


def shipped(name: str) -> Path:
    """A file of the package's data (data/README.md has source and licence of each). Raises NativeError where an
    installation lacks it."""
    path = Path(__file__).parent.parent / "data" / name
    if not path.exists():
        raise NativeError(f"{name} is missing from this installation: install again with `pip install neuroedge`")
    return path
