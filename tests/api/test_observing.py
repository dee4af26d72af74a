"""What is logged, counted and traced of requests, and what never is."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from api.app import create_app
from bootstrap.logs import for_libraries
from bootstrap.services import Services
from bootstrap.settings import Settings
from keys.key import Role
from ledger.checkpoints import LogDamaged
from tests.api.conftest import OWNER, PAGE, PARTNER, Recorder, knocking

HERE, ELSEWHERE = ("127.0.0.1", 50_000), ("203.0.113.7", 50_000)
ACCESS = f"/v1/portfolios/{OWNER}/assets/page/{PAGE['id']}/access"


def _lines(client: TestClient, path: str, **more: Any) -> list[Any]:
    with capture_logs() as lines:
        client.get(path, **more)
    return lines


def test_each_request_is_one_line_without_what_was_asked(
    recorder: Recorder, client: TestClient
) -> None:
    """The template of the route stands for the address."""
    recorder.story()
    (line,) = _lines(client, f"{ACCESS}?at=2026-03-15T12:00:00Z", headers={"cookie": "secret"})
    assert line.pop("seconds") < 60
    assert re.fullmatch(r"[0-9a-f]{32}", line.pop("request_id"))
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "route": "/v1/portfolios/{book}/assets/{type}/{id}/access",
        "status": 200,
        "key": line["key"],
    }
    assert re.fullmatch(r"k[0-9]+", line["key"])


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", f"/nothing/{PARTNER}", "unmatched"),
        ("DELETE", f"/v1/portfolios/{OWNER}/facts", "/v1/portfolios/{book}/facts"),
        (PARTNER, "/livez", "/livez"),
        ("GET", "/pages/sign-in", "/pages/sign-in"),
        ("GET", f"/pages/{OWNER}/matrix", "/pages/{book}/matrix"),
    ],
)
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_what_is_not_there_is_logged_without_its_name(
    client: TestClient, method: str, path: str, route: str
) -> None:
    """Neither a path nor a method that a caller made up gets into the log."""
    with capture_logs() as lines:
        client.request(method, path, follow_redirects=False)
    (line,) = lines
    assert line["route"] == route
    assert OWNER not in str(lines)
    assert PARTNER not in str(lines)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_the_questions_of_machines_are_not_logged_while_all_is_well(
    client: TestClient, path: str
) -> None:
    """They come every few seconds."""
    assert _lines(client, path) == []
    assert len(_lines(client, f"{path}?x=1")) == 1


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("b7ad6b7169203331", True),
        ("req-2026.03_15", True),
        ("short", False),
        ("with blanks in it", False),
        ("x" * 65, False),
        ("al_live_" + "a" * 43, False),
    ],
)
def test_a_request_keeps_its_callers_id_where_it_is_one(
    client: TestClient,
    given: str,
    kept: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """It is in the answer and in the log; a secret that strayed there is in neither."""
    with capture_logs() as lines:
        answer = client.get("/docs", headers={"X-Request-Id": given})
    assert (answer.headers["x-request-id"] == given) is kept
    assert lines[0]["request_id"] == answer.headers["x-request-id"]


def test_an_error_that_was_not_foreseen_is_logged_by_its_place(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its message may quote what was asked, and is told nobody."""

    def broken(*_: object, **__: object) -> Any:
        raise ValueError(f"secret of {PARTNER}")

    monkeypatch.setattr(type(services.questions), "partners", broken)
    with capture_logs() as lines:
        answer = client.get(f"/v1/portfolios/{OWNER}/partners")
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/failed"
    (line,) = lines
    assert (line["event"], line["error"]) == ("request failed", "ValueError")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert "test_observing.py" in line["places"][-1]
    assert PARTNER not in str(lines) + answer.text


def test_an_error_that_a_library_tells_of_is_logged_by_its_place() -> None:
    """Neither its message nor the addresses of objects."""
    given = for_libraries()["formatters"]["structured"]
    formatter = given.pop("()")(**given)
    try:
        raise ValueError("what was asked")
    except ValueError as error:
        told = error
    record = logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "it broke", (), None)
    record.exc_info = (type(told), told, told.__traceback__)
    line = formatter.format(record)
    assert '"event":"it broke"' in line
    assert '"error":"ValueError"' in line
    assert "test_an_error_that_a_library_tells_of" in line
    assert "what was asked" not in line
    assert " at 0x" not in line


def _figures(client: TestClient) -> dict[str, float]:
    text = client.get("/metrics").text
    rows = re.findall(r"^(access_ledger_\S+) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in rows}


def test_the_figures_that_matter_are_given_to_this_machine(
    settings: Settings, services: Services
) -> None:
    """Entries, lag, the last checkpoint, appends, refusals by kind, requests by route."""
    with TestClient(create_app(settings, services), client=HERE) as client:
        client.headers.update(knocking(services, Role.RECORDER, OWNER))
        before = _figures(client)
        recorder = Recorder(client)
        recorder.story()
        fact = recorder.fact("partner-added", partner=PARTNER)
        assert recorder.post(fact).status_code == 409
        after = _figures(client)

        def grown(name: str) -> float:
            return after[name] - before.get(name, 0)

        assert after["access_ledger_store_up"] == 1
        assert grown("access_ledger_entries") == 3
        assert grown("access_ledger_append_seconds_count") == 1
        assert grown('access_ledger_refusals_total{kind="partner-already-added"}') == 1
        label = 'method="POST",route="/v1/portfolios/{book}/facts",status="409"'
        assert grown(f"access_ledger_request_seconds_count{{{label}}}") == 1
        assert after["access_ledger_projection_lag"] == 3  # the next read takes them in
        assert after["access_ledger_projection_fits"] == 1
        assert after["access_ledger_checkpoint_entries"] == 0
        client.get("/v1/log/checkpoint")
        sealed = _figures(client)
        assert sealed["access_ledger_checkpoint_entries"] == 3
        assert 0 <= sealed["access_ledger_checkpoint_age_seconds"] < 60


def test_a_failed_verification_is_counted(
    settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever watches is told before somebody asks for proof."""

    def damaged(*_: object) -> Any:
        raise LogDamaged("a hash")

    monkeypatch.setattr(type(services.log), "seal", damaged)
    with TestClient(create_app(settings, services), client=HERE) as client:
        client.headers.update(knocking(services, Role.AUDITOR))
        name = "access_ledger_failed_verifications_total"
        before = _figures(client)[name]
        assert client.get("/v1/log/checkpoint").status_code == 500
        assert _figures(client)[name] == before + 1


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("203.0.113.7", {}),
        ("elsewhere", {}),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"X-Forwarded-For": ""}),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.7"}),
        ("127.0.0.1", {"X-Real-IP": "203.0.113.7"}),
        ("127.0.0.1", {"Via": "1.1 proxy"}),
    ],
)
def test_the_figures_are_given_to_nobody_else(
    settings: Settings, services: Services, host: str, headers: dict[str, str]
) -> None:
    """Also not through a proxy on this machine."""
    with TestClient(create_app(settings, services), client=(host, 1)) as client:
        answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("figures are given to clients on the server's own")


@pytest.mark.usefixtures("impatient")
def test_the_figures_of_a_store_that_is_down_say_so() -> None:
    """The process still tells its own."""
    down = Settings(database_url="postgresql://someone@127.0.0.1:1/ledger")
    with TestClient(create_app(down), client=HERE) as client:
        figures = _figures(client)
    assert figures["access_ledger_store_up"] == 0
    assert "access_ledger_entries" not in figures


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_readiness_tells_that_keys_are_missing(settings: Settings) -> None:
    """What is missing is named, with what to do."""
    gone = settings.model_copy(update={"log_key_file": Path("/nowhere/log.key")})
    for host, path_told in ((HERE, True), (ELSEWHERE, False)):
        with TestClient(create_app(gone), client=host) as client:
            answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/no-signing-keys"
        assert "ACCESS_LEDGER_LOG_KEY_FILE" in answer.json()["detail"]
        assert ("/nowhere/log.key" in answer.json()["detail"]) is path_told


@pytest.mark.parametrize("empty_settings", ["postgresql"], indirect=True)
def test_readiness_tells_that_the_database_is_not_migrated(empty_settings: Settings) -> None:
    """By the names of the migrations."""
    with TestClient(create_app(empty_settings)) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "run: access-ledger migrate" in answer.json()["detail"]


def test_readiness_tells_that_the_read_model_is_far_behind(
    settings: Settings, services: Services
) -> None:
    """Until somebody catches up."""
    narrow = settings.model_copy(update={"ready_lag": 2})
    with TestClient(create_app(narrow, services)) as client:
        client.headers.update(knocking(services, Role.RECORDER, OWNER))
        Recorder(client).story()
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/far-behind"
        assert answer.json()["detail"] == (
            "the read model is more than 2 positions behind the entries "
            "(ACCESS_LEDGER_READY_LAG); start access-ledger worker, which catches up, and see "
            "access_ledger_projection_lag at /metrics"
        )
        services.projector.catch_up()
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == {"status": "ready"}, "how many entries there are is a figure"


def test_traces_name_the_route_and_not_what_was_asked(
    settings: Settings, services: Services
) -> None:
    """A span of the request with its status; no query, no id of a portfolio."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = create_app(settings, services, tracer_provider=provider)
    with TestClient(app) as client:
        client.headers.update(knocking(services, Role.RECORDER, OWNER))
        Recorder(client).story()
        client.get(f"{ACCESS}?at=2026-03-15T12:00:00Z")
        client.request(PARTNER, "/livez")
    provider.shutdown()
    spans = exporter.get_finished_spans()
    asked = next(span for span in spans if span.name.startswith("GET"))
    assert asked.name == "GET /v1/portfolios/{book}/assets/{type}/{id}/access"
    assert asked.attributes is not None
    assert asked.attributes["http.response.status_code"] == 200
    told = "".join(span.to_json() for span in spans)
    assert OWNER not in told
    assert PAGE["id"] not in told
    assert PARTNER not in told
    assert "2026-03-15" not in told
