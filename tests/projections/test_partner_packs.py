"""Packs for a partner: each verifies, and holds no entry and no byte that is not the partner's."""

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from cli.storytelling import BLUEPINE, BRAND, HARBOUR, KESTREL, LAUNCHES, PAGE, ScriptedClock, tell
from domain.facts import Fact
from domain.instants import from_microseconds
from evidence.archive import read_archive
from evidence.verifying import Verified, verify_pack
from projections.moments import AsOf, BadQuestion, UnknownPartner
from projections.packing import Wanted
from tests.depth import tries
from tests.histories import PARTNERS, add, appends, grant, instants_of_interest, own, record
from tests.projections.partners import (
    ALL_ASSETS,
    HUSH,
    STRANGERS,
    Concerns,
    appends_of,
    disguised,
    ends_of,
    kept,
)

A, B = PARTNERS[:2]
OF_PARTNERS = ("what", "partner-timeline", "offboard")
NAMES = {BLUEPINE: b"Bluepine", HARBOUR: b"Harbour", KESTREL: b"Kestrel"}


def shown(pack: bytes) -> dict[str, bytes]:
    """The members of a pack but for those that are the same in every pack."""
    members = read_archive(pack)
    return {name: data for name, data in members.items() if name != "verify.html"}


def given_to(services: Services, partner: str, wanted: Wanted) -> tuple[Verified, dict[str, bytes]]:
    """The pack that a partner is given, verified."""
    pack = services.packer.pack(wanted, seen_by=partner)
    verified = verify_pack(pack, services.log.keyring().verifiers)
    assert verified.signer_known
    return verified, shown(pack)


def about(kind: str, partner: str, asset: tuple[str, str]) -> dict[str, Any]:
    """What a question of a kind names."""
    fields: dict[str, Any] = {}
    if kind in {"line", "owner"}:
        fields["asset"] = asset
    if kind != "owner":
        fields["partner"] = partner
    return fields


def assert_none_of(members: Mapping[str, bytes], secrets: list[bytes]) -> None:
    """No member holds one of these."""
    for name, data in members.items():
        for secret in secrets:
            assert secret.lower() not in data.lower(), (name, secret)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The demo story, told."""
    clock = ScriptedClock()
    settings = Settings(file=tmp_path_factory.mktemp("story") / "ledger.db")
    with open_services(settings, clock=clock) as services:
        tell(services, clock)
        yield services


@pytest.mark.parametrize("kind", [*OF_PARTNERS, "line", "owner"])
@pytest.mark.parametrize("partner", [BLUEPINE, HARBOUR, KESTREL])
def test_each_pack_of_the_story_holds_the_partners_own_entries_alone(
    story: Services, partner: str, kind: str
) -> None:
    """As known at every append. An agency that owns an asset is named as its owner."""
    written = [one.entry for one in story.books.entries(BRAND)]
    mine = Concerns(written, partner, len(written))
    others = [name for other, name in NAMES.items() if other != partner]
    others += [other.encode() for other in NAMES if other != partner]
    assets = sorted(mine.assets) if kind in {"line", "owner"} else [PAGE]
    for asset in assets:
        for known_at in ends_of(written):
            if kind in {"line", "owner"}:
                then = Concerns(written, partner, known_at)
                if asset not in then.assets:
                    continue
            fields = about(kind, partner, asset)
            wanted = Wanted(kind=kind, book=BRAND, as_of=AsOf(known_at=known_at), **fields)
            verified, members = given_to(story, partner, wanted)
            assert {entry.number for entry in verified.entries} <= set(mine.numbers)
            assert_none_of(members, others)


@pytest.mark.parametrize("kind", ["who", "asset-timeline", "matrix"])
def test_a_question_whose_pack_would_show_others_is_refused(story: Services, kind: str) -> None:
    """Of the partner's own asset too."""
    wanted = Wanted(kind=kind, book=BRAND, asset=None if kind == "matrix" else PAGE)
    with pytest.raises(BadQuestion) as refused:
        story.packer.pack(wanted, seen_by=BLUEPINE)
    assert str(refused.value) == (
        f"a pack for {kind} would show what was recorded of others; a partner is given packs for "
        "what, partner-timeline, offboard, line, owner"
    )


@pytest.mark.parametrize("kind", [*OF_PARTNERS, "line"])
@pytest.mark.parametrize("other", [HARBOUR, "39999"])
def test_a_pack_about_another_partner_is_asked_of_none(
    story: Services, kind: str, other: str
) -> None:
    """Recorded or not."""
    with pytest.raises(UnknownPartner, match=f"there is no partner {other} here"):
        story.packer.pack(
            Wanted(kind=kind, book=BRAND, **about(kind, other, PAGE)), seen_by=BLUEPINE
        )


@pytest.mark.parametrize("kind", ["line", "owner"])
def test_an_asset_of_others_is_refused_like_one_that_is_not_there(
    story: Services, kind: str
) -> None:
    """With the same sentence; and as known before it came to concern the partner."""
    for asset, known_at in ((PAGE, 40), (("page", "99999"), 40), (LAUNCHES, 40)):
        with pytest.raises(BadQuestion) as refused:
            story.packer.pack(
                Wanted(kind=kind, book=BRAND, **about(kind, KESTREL, asset)), seen_by=KESTREL
            )
        assert str(refused.value) == (
            f"{':'.join(asset)} is not known to concern partner {KESTREL} in book {BRAND} as known "
            f"at entry {known_at}; ask about an asset that it was given access to"
        )
    early = Wanted(
        kind=kind, book=BRAND, as_of=AsOf(known_at=12), **about(kind, BLUEPINE, LAUNCHES)
    )
    with pytest.raises(BadQuestion, match="as known at entry 12"):
        story.packer.pack(early, seen_by=BLUEPINE)


def test_the_owner_is_given_a_pack_about_one_line_with_no_other_partner_in_it(
    story: Services,
) -> None:
    """Of an asset that others have access to as well."""
    wanted = Wanted(kind="line", book=BRAND, asset=PAGE, partner=HARBOUR, as_of=AsOf(known_at=40))
    pack = story.packer.pack(wanted)
    verified = verify_pack(pack, story.log.keyring().verifiers)
    answer = story.questions.what_could_on(BRAND, PAGE, HARBOUR, AsOf(known_at=40))
    assert verified.answer == json.loads(answer.model_dump_json(by_alias=True))
    assert [held.partner for held in answer.holdings] == [HARBOUR]
    assert_none_of(shown(pack), [b"Bluepine", BLUEPINE.encode(), b"Kestrel", KESTREL.encode()])


def _told(services: Services, *facts: Fact) -> str:
    recording = record((fact,) for fact in facts)
    assert not recording.refused
    return kept(services, appends_of(recording.entries)).book


TWO_PARTNERS = (add("A"), add("B", partner_name="Rival"), own("page1"), own("page2"))
GIVEN_TO_THE_WRONG_ONE = (
    grant("A", "page1", id="x"),
    grant("B", "page1", id="rival", replaces="x"),
)
"""The void of A's entry has the words of a fact about B."""
IN_THE_PLACE_OF_ANOTHER = (
    grant("B", "page1", id="x", at=5),
    grant("A", "page2", at=5),
    grant("A", "page1", at=5, id="y", replaces="x"),
)
"""Where A's entry stands among those of its moment rests on an entry of B."""


@pytest.mark.parametrize("kind", OF_PARTNERS)
@pytest.mark.parametrize("facts", [GIVEN_TO_THE_WRONG_ONE, IN_THE_PLACE_OF_ANOTHER])
def test_a_pack_that_would_show_another_partner_is_refused(
    services: Services, kind: str, facts: tuple[Fact, ...]
) -> None:
    """The owner can hand it out."""
    book = _told(services, *TWO_PARTNERS, *facts)
    wanted = Wanted(kind=kind, book=book, partner=A)
    with pytest.raises(BadQuestion) as refused:
        services.packer.pack(wanted, seen_by=A)
    assert str(refused.value) == (
        f"the pack would show partner {A} what was recorded of others, for an entry of its "
        f"own was corrected together with one of theirs; the owner of book {book} can hand out "
        "the pack"
    )
    verify_pack(services.packer.pack(wanted), services.log.keyring().verifiers)


@pytest.mark.parametrize("kind", OF_PARTNERS)
def test_what_stands_in_the_place_of_anothers_entry_names_it_by_its_number(
    services: Services, kind: str
) -> None:
    """And so the pack is handed out."""
    book = _told(services, *TWO_PARTNERS, *GIVEN_TO_THE_WRONG_ONE)
    _, members = given_to(services, B, Wanted(kind=kind, book=book, partner=B))
    assert b'"replaces":5' in members["entries.jsonl"]
    assert_none_of(members, [A.encode()])


@given(drawn=appends(max_drafts=14, partners=3, assets=3), seed=st.integers(0, 2**32))
@settings(
    max_examples=tries(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_pack_is_the_partners_own_or_refused(services: Services, drawn: Any, seed: int) -> None:
    """Of random books in which every word about others is marked."""
    chance = Random(seed)
    recorded = record(drawn).entries
    if not recorded:
        return
    partner = chance.choice(PARTNERS)
    paper = kept(services, disguised(recorded, partner, chance))
    mine = Concerns(paper.entries, partner, len(paper.entries))
    at = from_microseconds(chance.choice(instants_of_interest(recorded) or [0]))
    for kind in (*OF_PARTNERS, "line", "owner"):
        known_at = chance.choice(ends_of(paper.entries))
        fields = about(kind, partner, chance.choice(ALL_ASSETS))
        wanted = Wanted(kind=kind, book=paper.book, as_of=AsOf(at, known_at), **fields)
        try:
            verified, members = given_to(services, partner, wanted)
        except BadQuestion:
            continue
        assert {entry.number for entry in verified.entries} <= set(mine.numbers)
        assert_none_of(members, [secret.encode() for secret in (HUSH, *STRANGERS)])


def test_a_pack_for_a_partner_goes_on_from_a_checkpoint_too(story: Services) -> None:
    """It is a pack like any other."""
    sealed = story.log.seal()
    pack = story.packer.pack(
        Wanted(kind="what", book=BRAND, partner=KESTREL), since=sealed, seen_by=KESTREL
    )
    verified = verify_pack(pack, story.log.keyring().verifiers, since=sealed.note)
    assert verified.since is not None
