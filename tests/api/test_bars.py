"""The bars of a timeline stand where the windows say, at any scale."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.pages.bars import LEAST, Scale, bars_of, gaps_of, look, scale_of
from domain.instants import to_microseconds
from projections.answers import AssetRef, Ownership, Window

START = datetime(2024, 1, 1, tzinfo=UTC)
BOOK = "506914307656634"
SPAN_MINUTES = 3 * 365 * 24 * 60

minutes = st.integers(0, SPAN_MINUTES)


def moment(after: int) -> datetime:
    """A moment some minutes after the start."""
    return START + timedelta(minutes=after)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """A window, open or closed, with and without edges; earliest ends never come late."""
    since, from_, over, until = (draw(minutes) for _ in range(4))
    since, from_ = sorted((since, from_))
    over, until = sorted((over, until))
    over, until = max(over, since), max(until, from_)
    is_open = draw(st.booleans())
    return Window(
        from_=moment(from_),
        from_earliest=moment(since),
        to=None if is_open else moment(until),
        to_earliest=None if is_open else moment(over),
        opened_by=1,
        closed_by=None if is_open else 2,
        cause=None if is_open else "access_revoked",
    )


@given(windows(), minutes, minutes)
def test_a_bar_covers_exactly_what_its_window_does(window: Window, at: int, known: int) -> None:
    """Certain where the window is, dashed where it is only possible, and nowhere else."""
    asked = moment(at)
    scale = scale_of([window], to_microseconds(asked), to_microseconds(moment(known)))
    bars = bars_of(scale, window, look("f", "F", "full control"))
    x = scale.share(to_microseconds(asked))
    for bar in bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= 100.001
        assert bar.width >= LEAST
    near = {bar.name for bar in bars if bar.x - LEAST <= x <= bar.x + bar.width + LEAST}
    inside = {
        bar.name
        for bar in bars
        if bar.width > 4 * LEAST and bar.x + LEAST < x < bar.x + bar.width - LEAST
    }
    covered = window.from_earliest <= asked and (window.to is None or asked < window.to)
    certain = window.from_ <= asked and (window.to_earliest is None or asked < window.to_earliest)
    expected = {"f" if certain else "f possible"} if covered else set()
    assert expected <= near
    assert inside <= expected


@given(st.integers(-60_000_000_000, 60_000_000_000), st.integers(3600, 250_000_000_000))
def test_any_scale_has_a_handful_of_marks_in_order(start: int, seconds: int) -> None:
    """From an hour to eight thousand years."""
    scale = Scale(start * 1_000_000, min(start + seconds, 253_402_300_799) * 1_000_000)
    if scale.end - scale.start < 3_600_000_000:
        return
    ticks = scale.ticks()
    assert len(ticks) <= 7
    assert [tick.x for tick in ticks] == sorted({tick.x for tick in ticks})
    assert len({tick.text for tick in ticks}) == len(ticks)


def owned(owner: str | None, detail: str, from_: int, to: int | None) -> Ownership:
    """An ownership without edges."""
    window = Window(
        from_=moment(from_),
        from_earliest=moment(from_),
        to=None if to is None else moment(to),
        to_earliest=None if to is None else moment(to),
        opened_by=1,
        closed_by=None if to is None else 2,
        cause=None,
    )
    asset = AssetRef(type="page", id="12345")
    return Ownership(asset=asset, owner=owner, detail=detail, certainty="certain", window=window)


def test_where_the_book_cannot_tell_a_gap_is_drawn() -> None:
    """Before the first owner, while another owns it, and after a release; not once deleted."""
    spans = [
        owned(BOOK, "created", 100, 200),
        owned("600000000000001", "observed", 200, 300),
        owned(None, "released", 300, 400),
        owned(None, "asset_deleted", 400, None),
    ]
    scale = Scale(to_microseconds(moment(0)), to_microseconds(moment(500)))
    gaps = [(gap.x, gap.width) for gap in gaps_of(scale, BOOK, spans, own_access=False)]
    assert gaps == [(0, 20), (40, 20), (60, 20)]
    own = [(gap.x, gap.width) for gap in gaps_of(scale, BOOK, spans, own_access=True)]
    assert own == [(0, 20), (60, 20)]
    assert [gap.width for gap in gaps_of(scale, BOOK, [], own_access=True)] == [100]
