"""The outside of a bundle: header, table of arrays, arrays.

Little-endian, in this order and without holes:

    header  64 bytes   magic, version, entries of the table, layout of plans, checksum of header and table, bytes of the
                       file, 24 zeros
    table   48 bytes   for each array: name (ASCII, zeros behind), number of its type, dimensions (1 or 2), two zeros,
                       CRC-32 of its bytes, where it begins, rows, columns (0 for one dimension)
    arrays             each on a multiple of 64 bytes, zeros in between

Everything in a file is covered by a checksum or must be zero. A reader takes no length on trust: where an array begins
follows from those before it, and the last must end with the file.
"""

import re
import struct
import zlib
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from ..errors import FormatError

__all__ = [
    "ALIGN", "ENTRY", "Entry", "FOREIGN", "HEADER", "MAGIC", "MAX_ENTRIES", "VERSION", "pack", "sealed", "unpack",
]  # fmt: skip

# the bytes of PNG's signature: transfers that change ends of lines or drop the eighth bit are seen at once
MAGIC = b"\x89NEDGE\r\n"

# what to do about a file that is none of ours, and about one that has changed on its way
FOREIGN, _AGAIN = "is it a file that neuroedge.save wrote?", "copy it again, or save it again"

VERSION = 1
HEADER = struct.Struct("<8sIIIIQ24s")
ENTRY = struct.Struct("<16sBBHIQQQ")
ALIGN = 64

# with its table the header stays below 64 KiB
MAX_ENTRIES = 1024

# numbers of types in the table; what a file holds is told by the field table, these only have to agree
TYPES: Tuple[np.dtype, ...] = tuple(
    np.dtype(name).newbyteorder("<") for name in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
)
_NUMBERS = {dtype: number for number, dtype in enumerate(TYPES)}

_NAME = re.compile(rb"[!-~]+")


class Entry(NamedTuple):
    """One array of a file: its bytes are at `offset`."""

    name: str
    dtype: np.dtype
    shape: Tuple[int, ...]
    crc: int
    offset: int

    @property
    def nbytes(self) -> int:
        return self.dtype.itemsize * self.shape[0] * (self.shape[1] if len(self.shape) > 1 else 1)


def _up(at: int) -> int:
    return (at + ALIGN - 1) // ALIGN * ALIGN


def pack(arrays: Sequence[Tuple[str, np.ndarray]], layout: int) -> List[Any]:
    """A file as a list of pieces, bytes or arrays."""
    at = _up(HEADER.size + ENTRY.size * len(arrays))
    table, pieces = b"", []
    for name, array in arrays:
        data = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        columns = data.shape[1] if data.ndim == 2 else 0
        crc = zlib.crc32(_bytes(data))
        table += ENTRY.pack(
            name.encode("ascii"), _NUMBERS[data.dtype.newbyteorder("<")], data.ndim, 0, crc, at, data.shape[0], columns
        )
        pieces += [_bytes(data), b"\0" * (_up(at + data.nbytes) - at - data.nbytes)]
        at = _up(at + data.nbytes)
    head = HEADER.pack(MAGIC, VERSION, len(arrays), layout, 0, at, b"\0" * 24) + table
    return [sealed(head), b"\0" * (_up(len(head)) - len(head)), *pieces]


def sealed(head: bytes) -> bytes:
    """Header and table with their checksum."""
    return head[:20] + struct.pack("<I", _seal(head)) + head[24:]


def _seal(head: bytes) -> int:
    return zlib.crc32(head[24:], zlib.crc32(head[:20]))


def _bytes(array: np.ndarray) -> Any:
    return array.reshape(-1).view(np.uint8).data if array.size else b""


def unpack(data: np.ndarray, file: str) -> Tuple[int, Dict[str, np.ndarray]]:
    """Layout of plans, and arrays as views of `data` (uint8, on a multiple of 64 bytes); FormatError unless all of it
    is as this module writes it."""
    layout, entries = _entries(data, file)
    arrays: Dict[str, np.ndarray] = {}
    for entry in entries:
        part = data[entry.offset : entry.offset + entry.nbytes]
        if zlib.crc32(part.data) != entry.crc:
            raise FormatError(f"{file}: {entry.name}: is damaged (its checksum is another); {_AGAIN}")
        array = part.view(entry.dtype).reshape(entry.shape)
        array.setflags(write=False)
        arrays[entry.name] = array
    return layout, arrays


def _entries(data: np.ndarray, file: str) -> Tuple[int, List[Entry]]:
    size = len(data)
    if size < HEADER.size or data[:8].tobytes() != MAGIC:
        if MAGIC.startswith(data[:8].tobytes()) and size:
            raise FormatError(f"{file}: header: is cut off ({size:,} bytes); {_AGAIN}")
        raise FormatError(f"{file}: header: is no neuroedge model ({size:,} bytes); {FOREIGN}")
    _, version, count, layout, seal, length, zeros = HEADER.unpack(data[: HEADER.size].tobytes())
    if version != VERSION:
        cure = "update neuroedge: pip install -U neuroedge" if version > VERSION else "save it again"
        raise FormatError(f"{file}: header: version must be {VERSION} (got {version}); {cure}")
    end = HEADER.size + ENTRY.size * count
    if not 1 <= count <= MAX_ENTRIES or end > size:
        raise FormatError(f"{file}: header: must list 1 to {MAX_ENTRIES:,} arrays that the file holds (got {count:,})")
    head = data[:end].tobytes()
    if _seal(head) != seal:
        raise FormatError(f"{file}: header: is damaged (its checksum is another); {_AGAIN}")
    if length != size:
        raise FormatError(f"{file}: header: the file must have {length:,} bytes (got {size:,}); copy it again")
    if zeros.strip(b"\0"):
        raise FormatError(f"{file}: header: reserved bytes must be 0")
    entries, at = [], end
    for k in range(count):
        entry = _entry(head[HEADER.size + ENTRY.size * k :][: ENTRY.size], file)
        begin = _up(at)
        nbytes = entry.nbytes
        if entry.offset != begin or nbytes > size - begin:
            raise FormatError(f"{file}: {entry.name}: must begin at byte {begin:,} and end within the file")
        _must_be_zero(data[at:begin], file, entry.name)
        at = begin + nbytes
        entries.append(entry)
    if _up(at) != size or len({entry.name for entry in entries}) < count:
        raise FormatError(f"{file}: header: arrays must fill the file, each once")
    _must_be_zero(data[at:], file, "end")
    return layout, entries


def _entry(text: bytes, file: str) -> Entry:
    name, kind, dimensions, zero, crc, offset, rows, columns = ENTRY.unpack(text)
    label = name.rstrip(b"\0")
    if not _NAME.fullmatch(label):
        raise FormatError(f"{file}: table: names must be ASCII (got {name!r})")
    shown = label.decode("ascii")
    if kind >= len(TYPES) or dimensions not in (1, 2) or zero or (columns and dimensions == 1):
        raise FormatError(f"{file}: {shown}: its type or shape is unknown")
    if rows >= 2**48 or columns >= 2**48:
        raise FormatError(f"{file}: {shown}: must be smaller than the file (got {rows:,} rows, {columns:,} columns)")
    return Entry(shown, TYPES[kind], (rows, columns)[:dimensions], crc, offset)


def _must_be_zero(gap: np.ndarray, file: str, where: str) -> None:
    if gap.tobytes().strip(b"\0"):
        raise FormatError(f"{file}: {where}: bytes between arrays must be 0; {_AGAIN}")
