"""A tenant that attacks over a real socket: with its own keys it learns nothing of its rival."""

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path

import pytest

from bootstrap.services import open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from keys.key import NewKey, Role
from ledger.keyring import create_keyring
from tests import conftest
from tests.api.doors.table import BOOKS, NO_BOOK
from tests.api.doors.world import BOUND, ONE, A, B, facts_about, mark
from tests.api.served import SECRET, Server, serving

HEAD = b"Host: x\r\nX-Request-Id: told-by-the-client\r\n"
KEY = b"Authorization: Bearer " + SECRET + b"\r\n"
CLOSE = b"Connection: close\r\n"
ASKED = ("partners", "entries", "access-matrix", "access-log", "diff?from_known=0&to_known=6")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server of both books with the keys of the first; its log tells of neither."""
    folder = tmp_path_factory.mktemp("live")
    create_keyring(folder / "log.key")
    if request.param == "sqlite":
        yield from _served(Settings(file=folder / "ledger.db"), folder / "log.key")
        return
    url = request.getfixturevalue("postgres_server")
    with conftest._postgres_database(url, conftest._TEMPLATE) as settings:
        yield from _served(settings, folder / "log.key")


def _served(settings: Settings, log_key_file: Path) -> Iterator[Server]:
    more = {
        "ACCESS_LEDGER_RATE_PER_SECOND": "0",
        "ACCESS_LEDGER_LOG_KEY_FILE": str(log_key_file),
    }
    with open_services(settings) as services, serving(settings, B, **more) as running:
        for book in "ab":
            for facts in facts_about(book):
                parsed = [parse_fact(fact) for fact in facts]
                services.books.handle(BOOKS[book], parsed, recorded_by=f"{mark(book)}recorder")
        for role in BOUND:
            partner = ONE if role is Role.PARTNER else None
            new = NewKey(name=f"of-{role}", role=role, books=frozenset({A}), partner=partner)
            running.keys[role] = services.keys.create(new)[1]
        yield running
        log = running.stop()
        for told in (A, B, NO_BOOK, ONE, "hush-", "al_live_", "Traceback"):
            assert told not in log
        assert services.books.books() == {A: 13, B: 13}


def _get(path: str, *, head: bytes = KEY + CLOSE, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\n".encode() + HEAD + head + b"\r\n"


def _statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answer)]


TRICKS = [
    f"/v1/portfolios/{A}/../{B}/", f"/v1/portfolios/{A}/%2e%2e/{B}/",
    f"/v1/portfolios/{A}/..%2f{B}/", f"/v1/portfolios/{A}%2f..%2f{B}/",
    f"/v1/portfolios/{A};{B}/", f"/v1/portfolios/{A};/../{B}/", f"/v1//portfolios/{B}/",
    f"//v1/portfolios/{B}/", f"/v1/portfolios//{B}/", f"/v1/portfolios/{B}%00/",
    f"/v1/portfolios/%20{B}/", f"/v1/portfolios/{B}%20/", f"/v1/portfolios/{B}%0a/",
    f"/v1/portfolios/0{B}/", f"/v1/portfolios/+{B}/", f"/v1/portfolios/%35{B[1:]}/",
    f"/v1/portfolios/{A},{B}/", f"/v1/portfolios/{A}%0a{B}/", "/v1/portfolios/*/",
    "/v1/portfolios/%25/", f"/./v1/portfolios/{B}/", f"/v1/./portfolios/{B}/",
    f"/pages/../v1/portfolios/{B}/", f"/docs/../v1/portfolios/{B}/", f"/V1/portfolios/{B}/",
    f"/v1/portfolios/{A}/partners/../../{B}/", f"http://x/v1/portfolios/{B}/",
    f"https://x:443/v1/portfolios/{B}/", f"x/v1/portfolios/{B}/",
]  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_no_spelling_of_an_address_leads_into_the_other_book(server: Server, trick: str) -> None:
    for asked, role in product(ASKED, BOUND):
        answer = server.exchange(_get(trick + asked), role=role)
        assert 400 <= _statuses(answer)[0] < 500, (trick, answer[:300])
        assert b"hush-b-" not in answer


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_no_method_tells_a_book_of_others_from_none(server: Server, method: str) -> None:
    """Byte for byte, but for the id and the date."""
    for asked in (*ASKED, "facts", "evidence"):
        answers = [
            server.exchange(_get(f"/v1/portfolios/{book}/{asked}", method=method), role=Role.READER)
            for book in (B, NO_BOOK)
        ]
        there, absent = (re.sub(rb"date: [^\r]*", b"", answer) for answer in answers)
        assert there.replace(B.encode(), NO_BOOK.encode()) == absent
        assert 400 <= _statuses(there)[0] < 500


HEADERS = [
    b"X-HTTP-Method-Override: GET", b"X-Forwarded-For: 127.0.0.1", b"Forwarded: for=127.0.0.1",
    b"Range: bytes=0-10", b"If-None-Match: *", b'If-None-Match: "13"', b'If-Match: "13"',
    b"If-Modified-Since: Sat, 29 Nov 2036 00:00:00 GMT", b"Expect: 100-continue",
    f"X-Original-URL: /v1/portfolios/{B}/entries".encode(), b"X-Rewrite-URL: /v1/keys",
    b"X-Forwarded-Prefix: /pages", b"Accept-Encoding: gzip", b"Cookie: access_ledger=x",
]  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_no_header_opens_the_other_book(server: Server, header: bytes) -> None:
    """Nor does it lead elsewhere than the address says."""
    head = KEY + CLOSE + header + b"\r\n"
    for role, asked in product(BOUND, ASKED):
        answer = server.exchange(_get(f"/v1/portfolios/{B}/{asked}", head=head), role=role)
        assert 404 in _statuses(answer), answer[:300]
        assert b"hush-" not in answer
    own = server.exchange(_get(f"/v1/portfolios/{A}/partners", head=head), role=Role.READER)
    assert {200, 304} & set(_statuses(own))
    assert b"hush-b-" not in own


def test_on_one_connection_each_request_has_the_key_that_it_came_with(server: Server) -> None:
    """As a proxy sends those of several tenants, one after the other and all at once."""
    keys = [server.key, server.keys[Role.READER], "", server.key, server.keys[Role.PARTNER]]
    heads = [f"Authorization: Bearer {key}\r\n".encode() if key else b"" for key in keys]
    heads[-1] += CLOSE
    sent = b"".join(_get(f"/v1/portfolios/{B}/entries", head=head) for head in heads)
    answers = server.exchange(sent).split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"200", b"404", b"401", b"200", b"404"]
    assert [b"hush-b-" in answer for answer in answers] == [True, False, False, True, False]


@pytest.mark.parametrize("endless", ["chunks", "extension", "trailers"])
def test_a_body_without_end_is_ended(server: Server, endless: str) -> None:
    """Long before it has taken much."""
    begun = {"chunks": b"", "extension": b"1;", "trailers": b"0\r\n"}[endless]
    part = {
        "chunks": b"10000\r\n" + b" " * 65_536 + b"\r\n",
        "extension": b"x" * 4_096,
        "trailers": b"X-A: " + b"x" * 500 + b"\r\n",
    }[endless]
    head = KEY + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
    first = _get(f"/v1/portfolios/{A}/facts", head=head, method="POST") + begun
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(server.keyed(first, Role.RECORDER))
        taken = 0
        with suppress(ConnectionError):
            while taken < 50_000_000:
                connection.sendall(part)
                taken += len(part)
    assert taken < 50_000_000
