"""Every route, every role, every kind of key: the right status, and not a byte of another's data.

Two books have equal entry numbers, equal assets and equal partners; each text in them, and each
partner's, begins with a mark of its own.
"""

import base64
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, product
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from httpx2 import Response
from starlette.routing import Mount
from starlette.testclient import TestClient

from api.app import create_app
from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from keys.key import Key, NewKey, Role
from ledger.keyring import create_keyring
from tests import conftest
from tests.api.doors import BOOKS, NO_BOOK, NO_PAGE, PAGES, PARTNERS, ROWS, Row, Target

A, B = BOOKS["a"], BOOKS["b"]
ONE, TWO = PARTNERS["one"], PARTNERS["two"]
BOUND = (Role.RECORDER, Role.READER, Role.PARTNER)
CHALLENGE = {"www-authenticate": "Bearer"}

_fresh = count(1)


def mark(book: str, partner: str = "all") -> str:
    """What the texts about a partner of a book begin with."""
    return f"hush-{book}-{partner}-"


def facts_about(book: str) -> Iterator[list[dict[str, Any]]]:
    """The appends of a book, alike in both but for the words in them."""
    owner, numbers = BOOKS[book], count(1)

    def fact(kind: str, of: str = "all", **fields: Any) -> dict[str, Any]:
        words = mark(book, of)
        return {
            "fact": kind,
            "id": f"{words}{next(numbers)}",
            "owner": owner,
            "effective_at": f"2026-03-0{1 + len(kind) % 5}T00:00:00Z",
            "authority": f"{words}authority",
            "reason": f"{words}reason",
            "actor": {"kind": "system_user", "id": f"{words}actor"},
            "source": {"kind": "document", "reference": f"{words}source"},
            **fields,
        }

    def page(name: str) -> dict[str, str]:
        of = "all" if name == "both" else name
        return {"type": "page", "id": PAGES[name], "name": f"{mark(book, of)}page"}

    yield [
        fact("ownership-established", of, asset=page(name), effective_at="2026-03-01T00:00:00Z")
        for name, of in (("one", "one"), ("two", "two"), ("both", "all"))
    ]
    for of in ("one", "two"):
        name = f"{mark(book, of)}partner"
        yield [
            fact("partner-added", of, partner=PARTNERS[of], partner_name=name,
                 effective_at="2026-03-02T00:00:00Z"),
            fact("access-granted", of, partner=PARTNERS[of], asset=page(of), tasks=["MANAGE"],
                 effective_at="2026-03-03T00:00:00Z"),
            fact("access-granted", of, partner=PARTNERS[of], asset=page("both"), tasks=["ANALYZE"],
                 effective_at="2026-03-04T00:00:00Z"),
        ]  # fmt: skip
    for of in ("one", "two"):
        revoked = fact("access-revoked", of, partner=PARTNERS[of], asset=page(of),
                       effective_at="2026-03-05T00:00:00Z")  # fmt: skip
        yield [revoked]
        void = {"fact": "entry-voided", "book": owner, "fact_id": revoked["id"]}
        yield [{**void, "id": f"{mark(book, of)}void", "reason": f"{mark(book, of)}void-reason"}]


@dataclass
class World:
    """The served ledger, and its keys."""

    services: Services
    client: TestClient
    keys: dict[tuple[Role, str], str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def key(self, role: Role, book: str = "", **more: Any) -> tuple[Key, str]:
        """A new key."""
        partner = ONE if role is Role.PARTNER else None
        books = frozenset({BOOKS[book]} if role in BOUND else ())
        of = book if books else "every"
        name = f"knock-{of}-{role}-{next(_fresh)}"
        new = NewKey(name=name, role=role, books=books, partner=partner, **more)
        key, secret = self.services.keys.create(new)
        self.secrets.append(secret)
        return key, secret

    def ask(
        self, row: Row, target: Target, secret: str | None, method: str = "", query: str = ""
    ) -> Response:
        """A request of a route."""
        headers = {} if secret is None else {b"Authorization": f"Bearer {secret}".encode()}
        return self.send(row, target, headers, method, query)

    def send(
        self,
        row: Row,
        target: Target,
        headers: dict[bytes, bytes],
        method: str = "",
        query: str = "",
    ) -> Response:
        """The same, with headers as they are."""
        body = row.body(target)
        kind = method or ("GET" if body is None else "POST")
        return self.client.request(kind, row.ask(target) + query, json=body, headers=headers)

    def target(self, book: str) -> Target:
        """What a request about a book asks for, with whatever it may use up."""
        leaf = next(
            leaf
            for leaf, entry in enumerate(self.services.log.leaves(0, 6))
            if BOOKS[book].encode() in bytes(entry)
        )
        victim, _ = self.key(Role.READER, book)
        return Target(BOOKS[book], leaf=leaf, key=victim.id, name=f"fresh-{book}-{next(_fresh)}")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Both books on a database of either kind, entries of one between those of the other."""
    folder = tmp_path_factory.mktemp("doors")
    if request.param == "sqlite":
        yield from _opened(Settings(file=folder / "ledger.db"))
        return
    server = request.getfixturevalue("postgres_server")
    create_keyring(folder / "log.key")
    with conftest._postgres_database(server, conftest._TEMPLATE) as settings:
        yield from _opened(settings.model_copy(update={"log_key_file": folder / "log.key"}))


def _opened(settings: Settings) -> Iterator[World]:
    with open_services(settings) as services:
        for appends in zip(facts_about("a"), facts_about("b"), strict=True):
            for book, facts in zip("ab", appends, strict=True):
                parsed = [parse_fact(fact) for fact in facts]
                services.books.handle(BOOKS[book], parsed, recorded_by=f"{mark(book)}recorder")
        services.log.seal()
        unlimited = {"rate_per_second": 0, "failed_keys_per_minute": 0}
        app = create_app(settings.model_copy(update=unlimited), services)
        here = ("127.0.0.1", 50_000)
        with TestClient(app, raise_server_exceptions=False, client=here) as client:
            client.headers["X-Request-Id"] = "told-by-the-client"  # else each answer has its own
            world = World(services, client)
            for role, book in product(Role, "ab"):
                world.keys[role, book] = world.key(role, book if role in BOUND else "")[1]
            yield world


# --- what an answer holds


def everything(answer: Response) -> str:
    """Body, headers, and what is inside of cursors and packs, as text."""
    parts = [answer.content, *(f"{k}: {v}".encode() for k, v in answer.headers.items())]
    tokens = re.findall(rb"[A-Za-z0-9_-]{16,}", b" ".join(parts))
    parts += [base64.urlsafe_b64decode(token + b"===") for token in tokens if len(token) % 4 != 1]
    if answer.headers.get("content-type") == "application/zip":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
            parts += [pack.read(name) for name in pack.namelist() if name != "verify.html"]
    return b"\n".join(parts).decode("utf-8", "replace")


def forbidden(role: Role | None, book: str) -> list[str]:
    """What a key of a book may not be shown, wherever it looks."""
    other = "b" if book == "a" else "a"
    if role is Role.AUDITOR:
        return ["al_live_"]
    hidden = [f"hush-{other}-", "al_live_"]
    if role in {Role.ADMIN, None}:
        return [*hidden, f"hush-{book}-"]
    hidden += [f"knock-{other}-", f"fresh-{other}-"]
    if role is Role.PARTNER:
        hidden += [mark(book, "two"), f"fresh-{book}-"]
    return hidden


def assert_keeps_still(answer: Response, role: Role | None, book: str) -> None:
    """Not a byte of what the key may not see."""
    text = everything(answer)
    for secret in forbidden(role, book):
        # A key that was just made is shown its secret; nothing else is ever answered with one.
        handed_out = secret == "al_live_" and answer.headers.get("cache-control") == "no-store"
        assert secret not in text or (handed_out and role is Role.ADMIN), (role, secret, text[:900])


@pytest.fixture(autouse=True)
def quiet(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing of a book, and no secret, comes out on stdout, on stderr or in a log."""
    caplog.set_level("DEBUG")
    caplog.set_level("WARNING", logger="httpx2")  # the client's own
    yield
    out, err = capfd.readouterr()
    said = out + err + caplog.text
    assert "hush-" not in said
    assert "al_live_" not in said


# --- the table


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    """A route that is new to this table is not tested, so it may not be there."""
    routes = {
        f"{method} {context.path}"
        for context in iter_route_contexts(create_app(Settings()).routes)
        if not isinstance(context.original_route, Mount)  # the pages; test_pages has their doors
        for method in context.methods or [type(context.original_route).__name__]
    }
    assert routes == set(ROWS)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.open])
def test_an_open_route_answers_anybody_and_tells_of_no_book(world: World, name: str) -> None:
    """With any key, and with none."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    for secret in (None, "nonsense", world.keys[Role.READER, "a"]):
        answer = world.ask(row, Target(A), secret, method)
        assert answer.status_code == 200
        assert "hush-" not in answer.text
        assert A not in answer.text or name.endswith("openapi.json")


CLOSED = [name for name, row in ROWS.items() if not row.open]


def expected(row: Row, role: Role, *, own: bool) -> int:
    """The status for a key of a role that is about its own book or another's."""
    if row.of == "book" and role in BOUND and not own:
        return 404
    if role not in row.roles:
        return 403
    if row.of == "leaf" and role in BOUND and not own:
        return 404
    return row.status


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", CLOSED)
def test_a_route_answers_the_roles_that_it_is_for_about_their_own(
    world: World, name: str, role: Role
) -> None:
    """The keys of both books, each about both books."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    for mine, asked in product("ab", "ab"):
        answer = world.ask(row, world.target(asked), world.keys[role, mine], method)
        assert answer.status_code == expected(row, role, own=mine == asked), answer.text
        assert_keeps_still(answer, role, mine)
        if role in BOUND and mine == asked:
            # An access log holds what was sent, so a cursor that somebody got elsewhere too.
            text = answer.text if name.endswith("/access-log") else everything(answer)
            assert BOOKS["b" if mine == "a" else "a"] not in text
        if answer.status_code == 403:
            assert answer.json()["type"] == "/problems/not-allowed"
            assert "ask whoever manages the keys" in answer.json()["detail"]


@pytest.mark.parametrize("name", CLOSED)
def test_without_a_key_that_is_good_a_route_answers_the_same_401(world: World, name: str) -> None:
    """Missing, malformed, unknown, revoked, expired, rotated out: one answer to all."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    good = world.keys[row.roles[0], "a"]
    revoked, of_revoked = world.key(row.roles[0], "a")
    world.services.keys.revoke(revoked.id)
    rotated, before_rotation = world.key(row.roles[0], "a")
    world.services.keys.rotate(rotated.id)
    soon = datetime.now(UTC) + timedelta(milliseconds=150)
    _, expired = world.key(row.roles[0], "a", expires_at=soon)
    target = world.target("a")
    while datetime.now(UTC) <= soon:
        pass
    written = (
        "", "Bearer", "Bearer ", "Basic YTpi", good, f"Basic {good}", f"Bearer {good}x",
        f"Bearer {good[:-1]}", f"Bearer {good.upper()}", f"Bearer {good} {good}",
        "Bearer al_live_" + "A" * 43, "Bearer \u00e9", f"Bearer {of_revoked}",
        f"Bearer {before_rotation}", f"Bearer {expired}",
    )  # fmt: skip
    elsewhere = [{b"X-Api-Key": good.encode()}, {b"Cookie": f"key={good}".encode()}]
    sent = [{}, *({b"Authorization": text.encode("latin-1")} for text in written), *elsewhere]
    answers = [world.send(row, target, headers, method) for headers in sent]
    for headers, answer in zip(sent, answers, strict=True):
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.content == answers[0].content
        assert dict(answer.headers) == dict(answers[0].headers)
        assert "hush-" not in everything(answer)
    by_query = world.client.request(method, f"{row.ask(target)}", params={"key": good})
    assert by_query.status_code == 401


@pytest.mark.parametrize("role", BOUND)
@pytest.mark.parametrize("name", [name for name in CLOSED if ROWS[name].of == "book"])
def test_a_book_of_others_is_answered_like_one_that_does_not_exist(
    world: World, name: str, role: Role
) -> None:
    """Byte for byte, but for the id that was asked about."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    secret, target = world.keys[role, "a"], world.target("b")
    there = world.ask(row, target, secret, method)
    absent = world.ask(row, replace(target, book=NO_BOOK), secret, method)
    assert (there.status_code, absent.status_code) == (404, 404)
    assert there.text.replace(B, NO_BOOK) == absent.text
    assert dict(there.headers) == dict(absent.headers)


@pytest.mark.parametrize("name", [name for name in CLOSED if ROWS[name].of == "leaf"])
@pytest.mark.parametrize("role", [Role.RECORDER, Role.READER])
def test_a_leaf_of_others_is_answered_like_one_that_does_not_exist(
    world: World, name: str, role: Role
) -> None:
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    secret, target = world.keys[role, "a"], world.target("b")
    there = world.ask(row, target, secret, method)
    absent = world.ask(row, replace(target, leaf=98765), secret, method)
    assert (there.status_code, absent.status_code) == (404, 404)
    assert there.text.replace(f"leaf {target.leaf} ", "leaf 98765 ") == absent.text


# --- partners


@pytest.mark.parametrize("name", [n for n in CLOSED if ROWS[n].strangers is not None])
def test_another_partner_is_answered_like_one_that_does_not_exist(world: World, name: str) -> None:
    """Its id, and the assets that it alone works on."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    secret = world.keys[Role.PARTNER, "a"]
    strange = Target(A, partner=TWO, page=PAGES["two"])
    nowhere = Target(A, partner="699999999999999", page=NO_PAGE)
    there, absent = (world.ask(row, target, secret, method) for target in (strange, nowhere))
    assert (there.status_code, absent.status_code) == (row.strangers, row.strangers), there.text
    assert_keeps_still(there, Role.PARTNER, "a")
    same = there.text.replace(TWO, nowhere.partner).replace(PAGES["two"], nowhere.page)
    clock = r'"at":"[^"]*"'
    assert re.sub(clock, "", same) == re.sub(clock, "", absent.text)


@pytest.mark.parametrize("name", [n for n in CLOSED if Role.PARTNER in ROWS[n].roles])
def test_a_partner_finds_its_own_and_no_trace_of_another(world: World, name: str) -> None:
    """Also not the other's id, and not on an asset that both work on."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    for page in ("one", "both"):
        target = Target(A, page=PAGES[page])
        answer = world.ask(row, target, world.keys[Role.PARTNER, "a"], method)
        assert answer.status_code == row.status
        assert_keeps_still(answer, Role.PARTNER, "a")
        assert TWO not in everything(answer)
        assert PAGES["two"] not in everything(answer)


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ({"kind": "what", "partner": ONE}, 200),
        ({"kind": "offboard", "partner": ONE}, 200),
        ({"kind": "partner-timeline", "partner": ONE}, 200),
        ({"kind": "line", "partner": ONE, "asset": {"type": "page", "id": PAGES["both"]}}, 200),
        ({"kind": "owner", "asset": {"type": "page", "id": PAGES["both"]}}, 200),
        ({"kind": "what", "partner": TWO}, 404),
        ({"kind": "offboard", "partner": TWO}, 404),
        ({"kind": "partner-timeline", "partner": TWO}, 404),
        ({"kind": "line", "partner": TWO, "asset": {"type": "page", "id": PAGES["both"]}}, 404),
        ({"kind": "line", "partner": ONE, "asset": {"type": "page", "id": PAGES["two"]}}, 422),
        ({"kind": "owner", "asset": {"type": "page", "id": PAGES["two"]}}, 422),
        ({"kind": "who", "asset": {"type": "page", "id": PAGES["one"]}}, 422),
        ({"kind": "asset-timeline", "asset": {"type": "page", "id": PAGES["one"]}}, 422),
        ({"kind": "matrix"}, 422),
    ],
)
def test_the_packs_of_a_partner_are_about_itself(
    world: World, question: dict[str, Any], status: int
) -> None:
    row = replace(ROWS["POST /v1/portfolios/{book}/evidence"], body=lambda _: question)
    answer = world.ask(row, Target(A), world.keys[Role.PARTNER, "a"])
    assert answer.status_code == status, answer.text[:500]
    assert_keeps_still(answer, Role.PARTNER, "a")
    if status == 200:
        assert TWO not in everything(answer)


# --- pages


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.pages])
def test_no_page_of_a_walk_shows_more_than_the_key_sees(
    world: World, name: str, role: Role
) -> None:
    """From the first page to the last, cursors and links included."""
    row = ROWS[name]
    if role not in row.roles:
        return
    query, pages = "?limit=2", 0
    while query:
        answer = world.ask(row, Target(A), world.keys[role, "a"], query=query)
        assert answer.status_code == 200, answer.text
        assert_keeps_still(answer, role, "a")
        if role is Role.PARTNER:
            assert TWO not in everything(answer)
        cursor = answer.json()["next_cursor"]
        pages += 1
        query = f"?limit=2&cursor={cursor}" if cursor and pages < 40 else ""


@pytest.mark.parametrize(
    "name", [name for name, row in ROWS.items() if row.pages and row.of == "book"]
)
def test_a_cursor_of_another_book_or_partner_opens_nothing(world: World, name: str) -> None:
    """It is refused, and the refusal tells nothing of what is there."""
    row = ROWS[name]
    theirs = world.ask(row, Target(B), world.keys[Role.RECORDER, "b"], query="?limit=1")
    cursor = theirs.json()["next_cursor"]
    for role in (Role.RECORDER, Role.READER, Role.PARTNER):
        if role not in row.roles:
            continue
        answer = world.ask(
            row, Target(A), world.keys[role, "a"], query=f"?cursor={cursor or 'none'}"
        )
        assert answer.status_code == 422
        assert_keeps_still(answer, role, "a")
    if Role.PARTNER in row.roles:
        whole = world.ask(row, Target(A), world.keys[Role.RECORDER, "a"], query="?limit=1")
        query = f"?cursor={whole.json()['next_cursor'] or 'none'}"
        assert (
            world.ask(row, Target(A), world.keys[Role.PARTNER, "a"], query=query).status_code == 422
        )


# --- the access log


def test_the_access_log_of_a_book_tells_its_owner_who_looked(world: World) -> None:
    """Partners, auditors, packs and changes of keys; not what the owner's own keys read."""
    about = ROWS["GET /v1/portfolios/{book}/partners"]
    for role in Role:
        world.ask(about, Target(A), world.keys[role, "a"])
    log = ROWS["GET /v1/portfolios/{book}/access-log"]
    answer = world.ask(log, Target(A), world.keys[Role.READER, "a"], query="?limit=2").json()
    seen = [(record["role"], record["action"], record["detail"]) for record in answer["records"]]
    path = f"/v1/portfolios/{A}/partners"
    assert seen == [("auditor", "asked", path), ("partner", "asked", path)]
    theirs = world.ask(log, Target(B), world.keys[Role.READER, "b"], query="?limit=1000")
    assert path not in theirs.text
    assert A not in theirs.text
