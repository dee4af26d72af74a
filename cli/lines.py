"""Reading fact lines from a file, plain or gzip, however it ends."""

import codecs
import zlib
from collections.abc import Iterator
from typing import IO

CHUNK_BYTES = 1 << 18
_GZIP_MAGIC = b"\x1f\x8b"


class Lines:
    """The lines of a file in order, and how far the reading has come.

    A gzip that is cut off or damaged gives the whole lines before the damage; `damage` then says
    what is wrong. A byte order mark before the first line is left out.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.bytes_read = 0
        self.given = 0
        """How many lines were read, blank ones included."""
        self.damage: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        rest: list[bytes] = []  # pieces of a line that goes on, which are put together once
        for chunk in self._text():
            first, *lines = chunk.split(b"\n")
            rest.append(first)
            for line in lines:
                yield self._line(rest)
                rest = [line]
        if any(rest) and self.damage is None:
            yield self._line(rest)

    def _line(self, pieces: list[bytes]) -> bytes:
        line = b"".join(pieces)
        self.given += 1
        return line.removeprefix(codecs.BOM_UTF8) if self.given == 1 else line

    def _chunks(self) -> Iterator[bytes]:
        while chunk := self._file.read(CHUNK_BYTES):
            self.bytes_read += len(chunk)
            yield chunk

    def _text(self) -> Iterator[bytes]:
        chunks = self._chunks()
        first = next(chunks, b"")
        if not first.startswith(_GZIP_MAGIC):
            yield first
            yield from chunks
            return
        yield from self._unpacked(first, chunks)

    def _unpacked(self, first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
        unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        packed: bytes | None = first
        try:
            while packed is not None:
                yield unpack.decompress(packed)
                packed = unpack.unused_data.lstrip(b"\0")
                if unpack.eof and packed:  # another gzip behind the first one
                    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
                    continue
                packed = next(chunks, None)
                if packed is not None and unpack.eof:
                    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        except zlib.error as error:
            self.damage = f"its gzip is damaged ({error})"
            return
        if not unpack.eof:
            self.damage = "its gzip ends too early"
