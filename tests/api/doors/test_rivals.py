"""Two books alike in every number and id: what is said of one never bears on the other.

Tags, idempotency keys, cursors, packs and refusals are made of numbers and ids that both books
have, so each is tried with those of the one upon the other.
"""

import base64
import io
import json
import zipfile
from dataclasses import replace
from itertools import count, product
from typing import Any

import pytest
from httpx2 import Response

from keys.key import NewKey, Role
from tests.api.doors.table import BOOKS, NO_BOOK, PAGES, PARTNERS, ROWS, Row, Target
from tests.api.doors.world import (
    BOUND,
    CLOSED,
    ONE,
    PINNED,
    TWO,
    A,
    B,
    World,
    assert_keeps_still,
    everything,
)

ENTRIES = ROWS["GET /v1/portfolios/{book}/entries"]
FACTS = ROWS["POST /v1/portfolios/{book}/facts"]
PACK = ROWS["POST /v1/portfolios/{book}/evidence"]
QUESTIONS = [
    name for name in CLOSED if name.startswith("GET /v1/portfolios/{book}") and "log" not in name
]
OTHER = {"a": "b", "b": "a"}

_fresh = count(1)


def headers_of(world: World, role: Role, mine: str, **more: str) -> dict[bytes, bytes]:
    """A key of one of the books, and further headers."""
    named = {"Authorization": f"Bearer {world.keys[role, mine]}"}
    named |= {name.replace("_", "-"): value for name, value in more.items()}
    return {name.encode(): value.encode() for name, value in named.items()}


def posted(world: World, mine: str, book: str, fact: dict[str, Any], **more: str) -> Response:
    """A fact, sent to a book with a recorder's key."""
    row = replace(FACTS, body=lambda _: fact)
    return world.send(row, Target(book), headers_of(world, Role.RECORDER, mine, **more))


def partner_added(book: str, **more: Any) -> dict[str, Any]:
    """A fact about a partner that is new to both books."""
    return {"fact": "partner-added", "owner": book, "partner": f"9{next(_fresh):014}", **more}


def test_the_books_are_alike_in_numbers_and_ids(world: World) -> None:
    """Else nothing below would show anything."""
    books = world.services.books
    assert books.books()[A] == books.books()[B] >= 13
    for book in (A, B):
        partners = {e.partner for e in world.services.questions.partners(book).episodes}
        assert {ONE, TWO} <= partners
    one, two = ({w.position for w in books.entries(book)} for book in (A, B))
    assert not one & two


# --- tags


@pytest.mark.parametrize("role", BOUND)
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_tag_of_one_book_opens_nothing_of_the_other(world: World, name: str, role: Role) -> None:
    """Both have the same tags: the door is asked first, and never says 304 for another's book."""
    row, link = ROWS[name], "&" if "?" in ROWS[name].ask(Target(A)) else "?"
    query = "" if "known" in row.ask(Target(A)) else f"{link}{PINNED}"
    query = query.replace("at=2026-04-01T00:00:00Z&", "") if row in NO_AT else query
    tags = {}
    for mine in "ab":
        answer = world.send(row, Target(BOOKS[mine]), headers_of(world, role, mine), query=query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"].startswith("private")
        assert "authorization" in answer.headers["vary"].lower()
        tags[mine] = answer.headers["etag"]
    assert tags["a"] == tags["b"]
    for mine, tag in product("ab", (tags["a"], "*", f"W/{tags['a'].removeprefix('W/')}")):
        asked = headers_of(world, role, mine, If_None_Match=tag)
        theirs = world.send(row, Target(BOOKS[OTHER[mine]]), asked, query=query)
        assert theirs.status_code == 404
        assert "etag" not in theirs.headers
        assert_keeps_still(theirs, role, mine)
        own = world.send(row, Target(BOOKS[mine]), asked, query=query)
        assert (own.status_code, own.content) == (304, b"")


NO_AT = [ENTRIES, ROWS["GET /v1/portfolios/{book}/anomalies"]]


def test_a_tag_holds_while_its_own_book_stands_still(world: World) -> None:
    """That the other one grows changes no tag, and a tag of before says nothing of the other."""
    tags = {
        mine: world.send(ENTRIES, Target(BOOKS[mine]), headers_of(world, Role.READER, mine)).headers
        for mine in "ab"
    }
    tag = tags["a"]["etag"]
    assert tag == tags["b"]["etag"]
    assert posted(world, "a", A, partner_added(A, id="tag-1")).status_code == 201
    for mine, status in (("a", 200), ("b", 304)):
        asked = headers_of(world, Role.READER, mine, If_None_Match=tag)
        assert world.send(ENTRIES, Target(BOOKS[mine]), asked).status_code == status
    assert posted(world, "b", B, partner_added(B, id="tag-1")).status_code == 201


def test_a_condition_is_judged_on_its_own_book(world: World) -> None:
    """If-Match: the number of the other book's newest entry is worth nothing, right or wrong."""
    newest = world.services.books.books()[A]
    assert newest == world.services.books.books()[B]
    for condition in (f'"{newest}"', '"1"', "*"):
        answer = posted(world, "a", B, partner_added(B, id="cond"), If_Match=condition)
        assert answer.status_code == 404
        assert str(newest) not in answer.json()["detail"].replace(B, "")
    ahead = posted(world, "b", B, partner_added(B, id="cond-1"), If_Match=f'"{newest}"')
    assert (ahead.status_code, ahead.headers["etag"]) == (201, f'"{newest + 1}"')
    refused = posted(world, "a", A, partner_added(A, id="cond-1"), If_Match=f'"{newest + 1}"')
    assert refused.status_code == 412
    assert refused.json()["detail"].startswith(f"the newest entry of book {A} is {newest}, and If")
    level = posted(world, "a", A, partner_added(A, id="cond-1"), If_Match=f'"{newest}"')
    assert level.status_code == 201


# --- idempotency keys


def test_an_idempotency_key_of_two_callers_names_two_appends(world: World) -> None:
    """The same string: each is answered with its own append, and its own replay."""
    answers: dict[str, list[Response]] = {}
    for mine in "abab":
        book = BOOKS[mine]
        fact = partner_added(book, partner="900000000999999", partner_name=f"hush-{mine}-all-idem")
        answer = posted(world, mine, book, fact, Idempotency_Key='"the same"')
        assert_keeps_still(answer, Role.RECORDER, mine)
        assert answer.json()["book"] == book
        answers.setdefault(mine, []).append(answer)
    for first, again in answers.values():
        assert (first.status_code, again.status_code) == (201, 200)
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"
    ids = {answer.json()["facts"][0]["id"] for found in answers.values() for answer in found}
    assert len(ids) == 2
    for mine in "ab":  # and on the other's address there is no key, and no book
        answer = posted(
            world, mine, BOOKS[OTHER[mine]], partner_added(BOOKS[OTHER[mine]]),
            Idempotency_Key='"the same"',
        )  # fmt: skip
        assert answer.status_code == 404
        assert_keeps_still(answer, Role.RECORDER, mine)


def test_an_idempotency_key_of_one_caller_names_an_append_in_each_book(world: World) -> None:
    """A key of both books: what was sent to the one is no replay, and no conflict, in the other."""
    name = f"both-{next(_fresh)}"
    both = NewKey(name=name, role=Role.RECORDER, books=frozenset({A, B}))
    secret = world.services.keys.create(both)[1]
    seen = []
    for mine in "abab":
        book = BOOKS[mine]
        fact = {"fact": "partner-added", "owner": book, "partner": f"90000000099{ord(mine):04}"}
        row = replace(FACTS, body=lambda _, fact=fact: fact)  # type: ignore[misc]
        headers = {
            b"Authorization": f"Bearer {secret}".encode(),
            b"Idempotency-Key": b'"in both"',
        }
        answer = world.send(row, Target(book), headers)
        seen.append((answer.json()["book"], answer.status_code))
        assert BOOKS[OTHER[mine]] not in everything(answer)
    assert seen == [(A, 201), (B, 201), (A, 200), (B, 200)]


# --- refusals

VOID = {"fact": "entry-voided", "id": "void-1", "reason": "wrong"}


def facts_that_reach_over(ids: str) -> list[dict[str, Any]]:
    """Facts for book A that name what may be in book B: an id that is there, or nowhere."""
    granted = {"fact": "access-granted", "owner": A, "partner": ONE, "tasks": ["MANAGE"],
               "asset": {"type": "page", "id": PAGES["one"]}}  # fmt: skip
    return [
        {**VOID, "book": A, "fact_id": ids},
        {**granted, "id": "reach-1", "replaces": ids},
        {**VOID, "book": B, "fact_id": ids},
        {**VOID, "book": B, "entry": 1},
        {**granted, "book": B, "id": ids},
        {"fact": "entry-voided", "id": "reach-2", "book": A, "entry": 9_999, "reason": ids},
    ]


@pytest.mark.parametrize("nth", range(len(facts_that_reach_over(""))))
def test_a_refusal_does_not_tell_whether_the_other_book_has_it(world: World, nth: int) -> None:
    """Word for word the same about an id that is in the other book and one that is nowhere."""
    there = next(w.entry.event.id for w in world.services.books.entries(B))
    nowhere = "x" * len(there)
    before = world.services.books.books()
    told = []
    for named in (there, nowhere):
        answer = posted(world, "a", A, facts_that_reach_over(named)[nth])
        assert 400 <= answer.status_code < 500, answer.text
        told.append((answer.status_code, answer.text.replace(named, "ID")))
    assert told[0] == told[1]
    assert world.services.books.books() == before


def test_an_id_that_is_taken_in_one_book_is_free_in_the_other(world: World) -> None:
    """It is unique in its book, so nobody learns of the other's by trying."""
    for mine in "ab":
        fact = partner_added(BOOKS[mine], id="one-and-the-same")
        assert posted(world, mine, BOOKS[mine], fact).status_code == 201


# --- cursors


@pytest.mark.parametrize(
    "name", [name for name, row in ROWS.items() if row.pages and row.of == "book"]
)
@pytest.mark.parametrize("role", BOUND)
def test_a_cursor_made_by_hand_leads_into_no_other_book(
    world: World, name: str, role: Role
) -> None:
    """Cursors are no secret and no key: with the other book in it, it opens nothing there."""
    row = ROWS[name]
    if role not in row.roles:
        return
    first = world.ask(row, Target(A), world.keys[Role.RECORDER, "a"], query="?limit=1")
    cursor = first.json()["next_cursor"]
    fields = json.loads(base64.urlsafe_b64decode(cursor + "===")) if cursor else ["x", A, 0, 6, 1]
    for book, partner in product((A, B, NO_BOOK, "*", ""), (None, *PARTNERS.values())):
        kind = fields[0] if partner is None else f"{fields[0]} of {partner}"
        made = base64.urlsafe_b64encode(json.dumps([kind, book, *fields[2:]]).encode()).decode()
        query = f"?cursor={made.rstrip('=')}"
        theirs = world.ask(row, Target(B), world.keys[role, "a"], query=query)
        assert theirs.status_code == 404
        own = world.ask(row, Target(A), world.keys[role, "a"], query=query)
        assert own.status_code in {200, 422}
        if not name.endswith("/access-log"):  # which holds the cursors that were tried
            assert_keeps_still(own, role, "a")
            assert B not in everything(own)


# --- packs

ASKED: list[dict[str, Any]] = [
    {"kind": "what", "partner": ONE},
    {"kind": "offboard", "partner": TWO},
    {"kind": "partner-timeline", "partner": ONE},
    {"kind": "line", "partner": ONE, "asset": {"type": "page", "id": PAGES["both"]}},
    {"kind": "owner", "asset": {"type": "page", "id": PAGES["one"]}},
    {"kind": "who", "asset": {"type": "page", "id": PAGES["both"]}},
    {"kind": "asset-timeline", "asset": {"type": "page", "id": PAGES["two"]}},
    {"kind": "matrix"},
]


@pytest.mark.parametrize("question", ASKED, ids=lambda asked: asked["kind"])
def test_a_pack_holds_entries_of_its_own_book_alone(world: World, question: dict[str, Any]) -> None:
    """Of every kind, also with a checkpoint that the other side got; the other's is 404."""
    row: Row = replace(PACK, body=lambda _: question)
    since = world.client.get(
        "/v1/log/checkpoint", headers={"Authorization": f"Bearer {world.keys[Role.READER, 'b']}"}
    ).text
    for mine in "ab":
        for asked in (row, replace(PACK, body=lambda _: {**question, "since": since})):
            answer = world.ask(asked, Target(BOOKS[mine]), world.keys[Role.READER, mine])
            assert answer.status_code == 200, answer.text
            assert_keeps_still(answer, Role.READER, mine)
            assert BOOKS[OTHER[mine]] not in everything(answer)
            with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
                held = b"".join(pack.read(name) for name in pack.namelist())
            assert f"hush-{mine}-".encode() in held
        theirs = world.ask(row, Target(BOOKS[OTHER[mine]]), world.keys[Role.READER, mine])
        assert theirs.status_code == 404


# --- the log


def test_no_leaf_of_the_other_book_is_proven(world: World) -> None:
    """Each leaf is proven to the one book or to the other, never to both, and no tile to either."""
    size = world.services.log.seal().checkpoint.size
    proven: dict[str, set[int]] = {"a": set(), "b": set()}
    for mine, leaf in product("ab", range(size)):
        key = world.keys[Role.READER, mine]
        proof = world.ask(ROWS["GET /v1/log/proof/{leaf}"], Target(A, leaf=leaf), key)
        inclusion = world.ask(ROWS["GET /v1/log/inclusion"], Target(A, leaf=min(leaf, 5)), key)
        assert_keeps_still(proof, Role.READER, mine)
        assert_keeps_still(inclusion, Role.READER, mine)
        if proof.status_code == 200:
            proven[mine].add(leaf)
    assert not proven["a"] & proven["b"]
    assert proven["a"] | proven["b"] == set(range(size))
    paths = ("0/000.p/6", "entries/000.p/6", "1/000.p/1", "0/000", "entries/000")
    for role, path in product((*BOUND, Role.ADMIN), paths):
        headers = {"Authorization": f"Bearer {world.keys[role, 'a']}"}
        assert world.client.get(f"/v1/log/tile/{path}", headers=headers).status_code == 403
