"""Random histories of the small world, with effective times on a grid of microseconds."""

from collections.abc import Iterable, Iterator, Sequence
from math import prod

from hypothesis import strategies as st

from domain.facts import Fact, parse_fact
from tests.histories.facts import tick
from tests.histories.telling import (
    HORIZON,
    Appends,
    Draft,
    Kind,
    Scene,
    Telling,
    Told,
    When,
    appends_of,
    sketches,
)

_BOUNDS = (0, 0, 0, 0, 1, 2, 3, 5)


def _digits(*bases: int) -> st.SearchStrategy[list[int]]:
    """A number below each base, drawn as one integer, of which the first is the highest digit.

    A draft of many draws would not be left out of a failing list: only short ones are tried.
    """

    def split(number: int) -> list[int]:
        digits = []
        for base in reversed(bases):
            number, digit = divmod(number, base)
            digits.append(digit)
        return digits[::-1]

    return st.integers(0, prod(bases) - 1).map(split)


def _draft(kind: Kind, subject: list[int], time: list[int], more: list[int]) -> Draft:
    who, what, how = subject
    late, bound, tick = time
    contrary, joined, back = more
    return Draft(
        kind,
        who,
        what,
        how,
        When(tick, _BOUNDS[bound], late=late == 2),
        back,
        contrary=contrary == 11,
        joined=joined == 3,
    )


def _drafts(
    kinds: Sequence[Kind], ticks: int, *, partners: int, assets: int
) -> st.SearchStrategy[Draft]:
    return st.builds(
        _draft,
        st.sampled_from(kinds),
        _digits(partners, assets, 6),
        _digits(3, len(_BOUNDS), ticks),
        _digits(12, 4, 10),
    )


# In the order in which a failing draft shrinks: one fact before three.
_KINDS: tuple[Kind, ...] = (
    *("pair",) * 2,
    *("asset",) * 2,
    *("access",) * 6,
    "gap",
    *("void",) * 2,
    "correct",
    "replace",
)


@st.composite
def appends(
    draw: st.DrawFn,
    *,
    max_drafts: int = 12,
    partners: int = 2,
    assets: int = 2,
    with_voids: bool = True,
) -> Appends:
    """Random appends to the book of `OWNER`, single facts and arrays, in any order of time.

    Most are accepted by `record`; some are refused. They tie, come late, are bounded, void entries
    and voids of entries by number and by fact id, and replace them.
    """
    voiding = ("void", "correct", "replace")
    kinds = [kind for kind in _KINDS if with_voids or kind not in voiding]
    drafts = _drafts(kinds, HORIZON + 1, partners=partners, assets=assets)
    return appends_of(draw(st.lists(drafts, min_size=1, max_size=max_drafts)))


@st.composite
def valid_history(
    draw: st.DrawFn,
    *,
    max_drafts: int = 8,
    partners: int = 2,
    assets: int = 2,
    ties: bool = True,
    bounded: int = 99,
) -> Told[Fact]:
    """Facts in the order of their effective times, each accepted as a single append.

    Without `ties` no two have the same effective time; at most `bounded` of them are bounded.
    """
    kinds: tuple[Kind, ...] = ("pair", "asset", *("access",) * 4)
    drafts = _drafts(kinds, 4, partners=partners, assets=assets)
    drawn = draw(st.lists(drafts, min_size=1, max_size=max_drafts))
    return Told(_in_order(drawn, ties=ties, bounded=bounded))


def _in_order(drafts: Iterable[Draft], *, ties: bool, bounded: int) -> Iterator[Fact]:
    telling, now = Telling(), 0
    for draft in drafts:
        now += draft.when.tick + (not ties)
        plain = draft._replace(when=When(now, draft.when.bound), contrary=False, joined=False)
        scene = Scene(telling.book.entries, telling.book, plain.when.at)
        for [(fields, when)] in sketches(plain, scene):
            bound = when.bound if when and bounded else 0
            bounded -= bool(bound)
            moments = {"effective_at": tick(now), "effective_after": When(now, bound).after}
            telling.count += 1
            fact = parse_fact({**fields, "id": f"f{telling.count}", **moments})
            telling.book.append(fact)
            yield fact
            now += not ties
