"""Hostile input over a real socket: never a 5xx, never a trace, and nothing is written."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from bootstrap.services import open_services
from bootstrap.settings import Settings
from keys.key import OF_THE_WHOLE, NewKey, Role
from ledger.keyring import create_keyring
from tests import conftest
from tests.api.conftest import OWNER, PARTNER
from tests.api.served import SECRET, Server, serving

FACTS = f"/v1/portfolios/{OWNER}/facts".encode()
KEY = b"Authorization: Bearer " + SECRET + b"\r\n"
HOST = b"Host: ledger.example\r\nConnection: close\r\n" + KEY
FACT = b'{"fact":"partner-added","id":"f1","owner":"506914307656634","partner":"563920174410288"}'


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with short times; at the end it holds nothing, and its log tells of no trace."""
    folder = tmp_path_factory.mktemp("hostile")
    create_keyring(folder / "log.key")
    with ExitStack() as stack:
        settings = Settings(file=folder / "ledger.db")
        if request.param == "postgresql":
            url = request.getfixturevalue("postgres_server")
            fresh = conftest._postgres_database(url, conftest._TEMPLATE)
            settings = stack.enter_context(fresh)
        yield from _served(settings, folder / "log.key")


def _served(settings: Settings, log_key_file: Path) -> Iterator[Server]:
    limits = {
        "ACCESS_LEDGER_ARRIVAL_SECONDS": "1",
        "ACCESS_LEDGER_FAILED_KEYS_PER_MINUTE": "0",
        "ACCESS_LEDGER_RATE_PER_SECOND": "0",
        "ACCESS_LEDGER_LOG_KEY_FILE": str(log_key_file),
    }
    with open_services(settings) as services, serving(settings, OWNER, **limits) as running:
        for role in Role:
            books = frozenset() if role in OF_THE_WHOLE else frozenset({OWNER})
            partner = PARTNER if role is Role.PARTNER else None
            new = NewKey(name=f"hostile-{role}", role=role, books=books, partner=partner)
            running.keys[role] = services.keys.create(new)[1]
        yield running
        log = running.stop()
        assert "Traceback" not in log, log
        assert len(services.keys.listed()) == 1 + len(Role)
        with services.database.reading() as connection:
            for table in ("stored_events", "idempotency_key"):
                counted = connection.execute(f"SELECT COUNT(*) AS n FROM {table}").fetchone()
                assert counted["n"] == 0


def _post(body: bytes, *headers: bytes, path: bytes = FACTS) -> bytes:
    named = [b"Content-Type: application/json", b"Content-Length: %d" % len(body), *headers]
    lines = b"".join(header + b"\r\n" for header in named)
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + lines + b"\r\n" + body


def _get(path: bytes, *headers: bytes) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + lines + b"\r\n"


def _statuses(answer: bytes) -> list[int]:
    """The status of each answer that came back on one connection."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answer)]


BODIES = {
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a deep field": FACT[:-1] + b',"actor":' + b"[" * 900 + b"]" * 900 + b"}",
    "a name twice": FACT[:-1] + b',"owner":"1"}',
    "a name twice, escaped": FACT[:-1] + b',"\\u006fwner":"1"}',
    "NaN": FACT[:-1] + b',"entry":NaN}',
    "Infinity": b"[Infinity]",
    "-Infinity": b"-Infinity",
    "a huge number": FACT[:-1] + b',"replaces":' + b"9" * 100_000 + b"}",
    "a huge exponent": FACT[:-1] + b',"replaces":1e999999}',
    "a fraction": FACT[:-1] + b',"replaces":1.5}',
    "a number above 2^53": FACT[:-1] + b',"replaces":9007199254740993}',
    "a negative number": FACT[:-1] + b',"replaces":-1}',
    "bad UTF-8": FACT.replace(b"f1", b"\xff\xfe"),
    "overlong UTF-8": FACT.replace(b"f1", b"\xc0\xaf"),
    "a lone surrogate": FACT.replace(b"f1", b"\\ud800"),
    "a lone surrogate in a name": FACT[:-1] + b',"partner_name":"\\ud800"}',
    "a null character": FACT[:-1] + b',"partner_name":"a\\u0000b"}',
    "a byte order mark": b"\xef\xbb\xbf" + FACT,
    "UTF-16": FACT.decode().encode("utf-16"),
    "a trailing comma": FACT[:-1] + b",}",
    "two values": FACT + FACT,
    "nothing": b"",
    "spaces": b" " * 10_000,
    "null": b"null",
    "a string": b'"partner-added"',
    "an array of arrays": b"[[[" + FACT + b"]]]",
    "an empty array": b"[]",
    "a thousand and one": b"[" + b",".join([FACT] * 1001) + b"]",
    "an unknown type": b'{"fact":"__class__","id":"x"}',
    "a control character": FACT.replace(b"f1", b"f\n1"),
    "a very long string": FACT.replace(b"f1", b"x" * 1_000_000),
    "many fields": b"{" + b",".join(b'"f%d":1' % n for n in range(200_000)) + b"}",
}


EVIDENCE = FACTS.replace(b"/facts", b"/evidence")
TAKERS = {
    b"/v1/keys": (Role.ADMIN,),
    EVIDENCE: (Role.READER, Role.PARTNER, Role.AUDITOR),
    FACTS: (Role.RECORDER,),
}
"""Who sends bodies, and where."""


@pytest.mark.parametrize("path", TAKERS)
@pytest.mark.parametrize("name", BODIES)
def test_no_body_is_more_than_a_problem_of_the_caller(
    server: Server, name: str, path: bytes
) -> None:
    """400 or 422, in a problem document, wherever a body is taken and from whomever."""
    for role in TAKERS[path]:
        began = time.monotonic()
        answer = server.exchange(_post(BODIES[name], path=path), role=role)
        assert time.monotonic() - began < 5
        assert _statuses(answer)[0] in {400, 422}, answer[:500]
        assert b"application/problem+json" in answer
        assert b"Traceback" not in answer
        assert b'File "' not in answer


PATHS = [
    b"/v1/portfolios/../../etc/passwd",
    b"/v1/portfolios/%2e%2e/%2e%2e/etc/passwd",
    b"/v1/portfolios/%252e%252e/facts",
    b"/v1/portfolios/..%2f..%2f/facts",
    b"/v1/portfolios/506914307656634%00/partners",
    b"/v1/portfolios/506914307656634%0d%0aX:y/partners",
    b"/v1/portfolios/%ff%fe/partners",
    b"/v1/portfolios/%/partners",
    b"/v1/portfolios/%zz/partners",
    b"/v1/portfolios/5069143076566\xc4\xb34/partners",
    b"/v1/portfolios/" + "٥٠٦٩١٤٣٠٧".encode() + b"/partners",
    b"/v1/portfolios/" + b"9" * 10_000 + b"/partners",
    b"/v1/portfolios/506914307656634/assets/page/..%2f..%2fx/access",
    b"/v1/portfolios/506914307656634/assets/page/" + b"x" * 5_000 + b"/access",
    b"/v1/portfolios/506914307656634/assets/page/1%27%20OR%201=1--/owner",
    b"//v1//portfolios",
    b"/v1/portfolios/",
    b"/V1/portfolios",
    b"/v1/portfolios;x=y",
    b"/docs/..%2f..%2fapp.py",
    b"/docs/../app.py",
    b"/docs/%2e%2e/app.py",
    b"/v1/log/tile/../../keys",
    b"/v1/log/tile/0/..%2f..%2f000",
    b"/v1/log/tile/99/000",
    b"/v1/log/tile/0/x999/x999/x999/999",
    b"/v1/log/proof/99999999999999999999999",
    b"/v1/log/proof/-1",
    b"/v1/portfolios/506914307656634/entries?after=999999999999999999999",
    b"/v1/portfolios/506914307656634/entries?after=-1",
    b"/v1/portfolios/506914307656634/entries?cursor=AAAA",
    b"/v1/portfolios/506914307656634/entries?cursor=%00",
    b"/v1/portfolios/506914307656634/partners?limit=" + b"9" * 5_000,
    b"/v1/portfolios/506914307656634/partners?at=%00",
    b"/v1/portfolios/506914307656634/partners?at=9999-12-31T23:59:59.999999-23:59",
    b"/v1/portfolios/506914307656634/partners?known_at=" + b"1" * 5_000,
    b"/v1/portfolios/506914307656634/partners?%ff=%ff",
    b"/v1/portfolios/506914307656634/partners?" + b"&".join([b"at=1"] * 1_000),
    b"/v1/portfolios/506914307656634/partners#fragment",
    b"http://elsewhere.example/v1/portfolios/506914307656634/partners",
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: repr(path[:60]))
def test_no_path_leads_out_of_the_api(server: Server, path: bytes) -> None:
    """4xx, whatever it looks like and whoever asks."""
    for role in Role:
        answer = server.exchange(_get(path), role=role)
        assert 400 <= _statuses(answer)[0] < 500, answer[:500]
        assert b"Traceback" not in answer
        assert b"root:" not in answer
        assert b"def create_app" not in answer


HEADS = {
    "a bare word": b"GARBAGE\r\n\r\n",
    "bytes": bytes(range(256)) * 4 + b"\r\n\r\n",
    "a TLS greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200 + b"\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9": b"GET /nowhere HTTP/9.9\r\n" + HOST + b"\r\n",
    "no host": b"GET /v1/portfolios/506914307656634/partners HTTP/1.1\r\n" + KEY + b"\r\n",
    "two hosts": b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a header without a colon": _get(b"/livez", b"nonsense"),
    "a space before the colon": _get(b"/livez", b"X-A : b"),
    "an empty name": _get(b"/livez", b": b"),
    "a folded header": _get(b"/nowhere", b"X-A: b\r\n  c"),
    "a null in a value": _get(b"/livez", b"X-A: a\x00b"),
    "a bare line feed": b"GET /nowhere HTTP/1.1\nHost: x\nConnection: close\n\n",
    "an odd method": b"BREW " + FACTS + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "TRACE": b"TRACE " + FACTS + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT": b"CONNECT elsewhere.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "OPTIONS *": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "a long method": b"A" * 10_000 + b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a long header": _get(b"/livez", b"X-A: " + b"a" * 100_000),
    "a flood of headers": _get(b"/livez", *(b"X-%d: %d" % (n, n) for n in range(5_000))),
    "a long cookie": _get(b"/nowhere", b"Cookie: " + b"a=b; " * 2_000),
    "an upgrade": _get(b"/nowhere", b"Upgrade: websocket", b"Connection: Upgrade"),
    "a type of another kind": _post(FACT).replace(b"application/json", b"text/plain"),
    "a coded body": _post(b"\x1f\x8b" + b"\x00" * 50, b"Content-Encoding: gzip"),
    "a bad key": _post(FACT, b"Idempotency-Key: \xff"),
    "two keys": _post(FACT, b'Idempotency-Key: "a"', b'Idempotency-Key: "b"'),
    "a bad condition": _post(FACT, b"If-Match: \x80\xff"),
    "a huge condition": _post(FACT, b'If-Match: "' + b"9" * 10_000 + b'"'),
    "a bad expectation": _post(b"{", b"Expect: the-impossible"),
}


@pytest.mark.parametrize("name", HEADS)
def test_no_head_is_more_than_a_problem_of_the_caller(server: Server, name: str) -> None:
    """4xx, and the connection is not kept."""
    answer = server.exchange(HEADS[name])
    assert all(400 <= status < 500 for status in _statuses(answer)), answer[:500]
    assert _statuses(answer), "no answer"
    assert b"Traceback" not in answer


INNER = _post(FACT)
SMUGGLED = {
    "both lengths": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "lengths that differ": b"Content-Length: 4\r\nContent-Length: 40\r\n\r\nnull" + INNER,
    "a list of lengths": b"Content-Length: 4, 40\r\n\r\nnull" + INNER,
    "a signed length": b"Content-Length: +4\r\n\r\nnull" + INNER,
    "a negative length": b"Content-Length: -4\r\n\r\nnull" + INNER,
    "a hexadecimal length": b"Content-Length: 0x4\r\n\r\nnull" + INNER,
    "a length beyond any": b"Content-Length: " + b"9" * 400 + b"\r\n\r\n" + INNER,
    "a length in another script": b"Content-Length: \xd9\xa4\r\n\r\nnull" + INNER,
    "an absurd length": b"Content-Length: 99999999999999\r\n\r\n" + INNER,
    "chunked twice": b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + INNER,
    "chunked and more": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + INNER,
    "an odd coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + INNER,
    "chunked behind a tab": b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + INNER,
    "a space before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + INNER,
    "a negative chunk": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + INNER,
    "a chunk beyond any": b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n" + INNER,
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_no_request_is_smuggled_behind_another(server: Server, name: str) -> None:
    """What follows a message whose length is in doubt is never taken for a request."""
    head = b"POST " + FACTS + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + KEY
    answer = server.exchange(head + SMUGGLED[name], seconds=4)
    statuses = _statuses(answer)
    assert len(statuses) <= 1, answer
    assert all(400 <= status < 500 for status in statuses), answer


def test_a_body_that_does_not_come_is_not_waited_for(server: Server) -> None:
    """408 after the time of a body, though bytes keep dripping in."""
    head = _post(FACT)[: -len(FACT)].replace(b"Connection: close\r\n", b"")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(server.keyed(head))
        began = time.monotonic()
        answer = b""
        connection.settimeout(0.1)
        for nth in range(len(FACT) - 1):
            with suppress(TimeoutError):
                answer = connection.recv(65536)
                break
            connection.sendall(FACT[nth : nth + 1])
        connection.settimeout(10)
        while more := connection.recv(65536):  # the head may come before the rest
            answer += more
    assert 0.5 < time.monotonic() - began < 5
    assert _statuses(answer) == [408], answer
    assert b"the body did not arrive within 1 seconds (ACCESS_LEDGER_ARRIVAL_SECONDS)" in answer


@pytest.mark.parametrize("drip", [b"", b"X"])
def test_a_head_that_does_not_come_is_not_waited_for(server: Server, drip: bytes) -> None:
    """The connection is closed, though bytes keep dripping in."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        began = time.monotonic()
        connection.sendall(b"GET /livez HTTP/1.1\r\nX-A: ")
        for _ in range(100):
            connection.settimeout(0.1)
            try:
                if drip:
                    connection.sendall(drip)
                if not connection.recv(65536):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("the connection was kept")
    assert 0.5 < time.monotonic() - began < 5


def test_a_connection_that_is_kept_is_closed_when_its_next_head_drips(server: Server) -> None:
    """The time of a head is that of each request, not of the first alone."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert _statuses(connection.recv(65536)) == [200]
        began = time.monotonic()
        connection.settimeout(0.1)
        for _ in range(100):
            try:
                connection.sendall(b"G")
                if not connection.recv(65536):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("the connection was kept")
    assert 0.5 < time.monotonic() - began < 5


def test_the_server_still_answers(server: Server) -> None:
    """After any of the above."""
    assert _statuses(server.exchange(_get(b"/readyz"))) == [200]
