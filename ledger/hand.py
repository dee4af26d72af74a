"""Books in hand: what was judged of a book is kept, up to a number of entries together."""

from collections import OrderedDict
from threading import Lock

from domain.state import BookState


class BooksInHand:
    """The states of the books used last. A book that alone is larger than the bound is kept."""

    def __init__(self, most_entries: int) -> None:
        self._most = most_entries
        self._lock = Lock()
        self._states: OrderedDict[str, tuple[BookState, int]] = OrderedDict()
        """Each with its size as it is counted."""
        self.entries = 0
        """How many entries they hold; an empty book counts as one."""

    def __len__(self) -> int:
        """How many books there are in hand."""
        return len(self._states)

    def get(self, book: str) -> BookState | None:
        """The state of a book, if it is in hand."""
        state, _ = self._states.get(book, (None, 0))
        return state

    def keep(self, book: str, state: BookState) -> None:
        """Have a book in hand as it is now, and let go of those used longest ago."""
        size = max(state.newest, 1)
        with self._lock:
            self._drop(book)
            self._states[book] = state, size
            self.entries += size
            while self.entries > self._most and len(self._states) > 1:
                self._drop(next(iter(self._states)))

    def drop(self, book: str) -> None:
        """Let go of a book, so that it is read again."""
        with self._lock:
            self._drop(book)

    def _drop(self, book: str) -> None:
        _, size = self._states.pop(book, (None, 0))
        self.entries -= size
