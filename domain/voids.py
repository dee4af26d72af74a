"""Which entries of a book are void, kept current void by void."""


class Voids:
    """The voids of a book. An entry is void while a void of it is not void itself."""

    def __init__(self) -> None:
        self._target: dict[int, int] = {}
        self._voids_of: dict[int, list[int]] = {}
        self._voided_by: dict[int, int] = {}

    def copy(self) -> "Voids":
        """The same voids, to try further ones on."""
        twin = Voids()
        twin._target = dict(self._target)
        twin._voids_of = {entry: list(voids) for entry, voids in self._voids_of.items()}
        twin._voided_by = dict(self._voided_by)
        return twin

    def __bool__(self) -> bool:
        return bool(self._voided_by)

    def __contains__(self, entry: int) -> bool:
        return entry in self._voided_by

    def voided_by(self, entry: int) -> int | None:
        """The entry by which this one is void, if it is."""
        return self._voided_by.get(entry)

    def last_void_of(self, entry: int) -> int:
        """The newest void of an entry, void itself or not."""
        return self._voids_of[entry][-1]

    def is_a_void(self, entry: int) -> bool:
        """Whether the entry itself voids another."""
        return entry in self._target

    def root(self, entry: int) -> int:
        """The entry that is not a void at the end of a chain of voids."""
        while entry in self._target:
            entry = self._target[entry]
        return entry

    def add(self, number: int, target: int) -> None:
        """Entry `number` voids entry `target`; what that one voided may come back, and so on."""
        self._target[number] = target
        self._voids_of.setdefault(target, []).append(number)
        entry: int | None = target
        while entry is not None:
            was_void = entry in self._voided_by
            by = next((void for void in self._voids_of[entry] if void not in self._voided_by), None)
            if by is None:
                self._voided_by.pop(entry, None)
            else:
                self._voided_by[entry] = by
            if was_void == (by is not None):
                return
            entry = self._target.get(entry)
