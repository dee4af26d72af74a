"""Proof over HTTP: what is served is what the public formats and the verifier take."""

import re
from base64 import b64decode

import pytest
from starlette.testclient import TestClient

from evidence.checkpoints import open_checkpoint
from evidence.merkle import leaf_hash, verify_consistency, verify_inclusion
from evidence.notes import VerifierKey
from evidence.tiles import read_entry_bundle, read_hash_tile
from evidence.tlog_proofs import verify_log_proof
from evidence.verifying import Verified, read_keys, verify_pack
from tests.api.conftest import OWNER, PAGE, PARTNER, Headers, Recorder

ASSET = {"type": PAGE["type"], "id": PAGE["id"]}


def _keys(client: TestClient) -> list[VerifierKey]:
    return read_keys(client.get("/v1/log/keys").text)


def _verified(client: TestClient, **question: object) -> Verified:
    answer = client.post(f"/v1/portfolios/{OWNER}/evidence", json=question)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    return verify_pack(answer.content, _keys(client))


def test_checkpoints_tiles_and_proofs_fit_each_other(
    recorder: Recorder, client: TestClient, auditor: Headers
) -> None:
    recorder.story()
    keys = _keys(client)
    origin = keys[0].name
    old = open_checkpoint(client.get("/v1/log/checkpoint").content, keys, origin=origin)
    recorder.post(recorder.fact("partner-added", partner="700000000000001"))
    new = open_checkpoint(client.get("/v1/log/checkpoint").content, keys, origin=origin)
    assert (old.size, new.size) == (3, 4)

    def hashes(path: str, **query: int) -> list[bytes]:
        return [b64decode(text) for text in client.get(path, params=query).json()["hashes"]]

    verify_consistency(
        old_size=3, new_size=4, old_root=old.root, new_root=new.root,
        proof=hashes("/v1/log/consistency", from_size=3, to_size=4),
    )  # fmt: skip
    leaves = read_hash_tile(client.get("/v1/log/tile/0/000.p/4", headers=auditor).content, 4)
    bundle = client.get("/v1/log/tile/entries/000.p/4", headers=auditor).content
    entries = read_entry_bundle(bundle, 4)
    assert [leaf_hash(entry) for entry in entries] == leaves
    for leaf in range(4):
        verify_inclusion(
            leaf=leaves[leaf], index=leaf, size=4, root=new.root,
            proof=hashes("/v1/log/inclusion", leaf=leaf, size=4),
        )  # fmt: skip
        text = client.get(f"/v1/log/proof/{leaf}").content
        proven = verify_log_proof(text, leaf=leaves[leaf], keys=keys, origin=origin)
        assert (proven.index, proven.checkpoint) == (leaf, new)


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("tile/0/000", 404, "the log has no tile tile/0/000; it has 3 leaves"),
        ("tile/0/000.p/0", 404, "tile/0/000.p/0"),
        ("tile/0/%2e%2e/keys", 422, "should match pattern"),
        ("tile/x", 422, "should match pattern"),
        ("inclusion?leaf=3&size=3", 404, "there is no leaf 3 in a tree of 3"),
        ("inclusion?leaf=0&size=9", 404, "the log has 3 leaves, not 9"),
        ("consistency?from_size=3&to_size=2", 404, "there is no proof from a tree of 3"),
        ("proof/77", 404, "there is no leaf 77 in a tree of 3"),
    ],
)
def test_what_the_log_does_not_have_is_said(
    recorder: Recorder, client: TestClient, auditor: Headers, path: str, status: int, detail: str
) -> None:
    recorder.story()
    client.get("/v1/log/checkpoint")
    answer = client.get(f"/v1/log/{path}", headers=auditor)
    assert answer.status_code == status
    assert detail in answer.json()["detail"]


@pytest.mark.parametrize(
    "question",
    [
        {"kind": "who", "asset": ASSET},
        {"kind": "who", "asset": ASSET, "at": "2026-03-05T00:00:00Z", "known_at": 3},
        {
            "kind": "who",
            "asset": ASSET,
            "during": {"from": "2026-01-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"},
        },
        {"kind": "owner", "asset": ASSET, "known_at": "2020-01-01T00:00:00Z"},
        {"kind": "asset-timeline", "asset": ASSET},
        {"kind": "what", "partner": PARTNER},
        {"kind": "line", "asset": ASSET, "partner": PARTNER},
        {
            "kind": "line",
            "asset": ASSET,
            "partner": PARTNER,
            "during": {"from": "2026-01-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"},
        },
        {"kind": "line", "asset": ASSET, "partner": "99999"},
        {"kind": "partner-timeline", "partner": PARTNER},
        {"kind": "offboard", "partner": PARTNER},
        {"kind": "matrix"},
        {"kind": "who", "asset": {"type": "page", "id": "99999"}},
        {"kind": "what", "partner": "99999"},
    ],
)
def test_every_question_comes_as_a_pack_that_verifies(
    recorder: Recorder, client: TestClient, question: dict[str, object]
) -> None:
    recorder.story()
    verified = _verified(client, **question)
    assert verified.question.kind == question["kind"]
    assert verified.signer_known


def test_a_pack_proves_what_grew_since_a_checkpoint(recorder: Recorder, client: TestClient) -> None:
    recorder.story()
    old = client.get("/v1/log/checkpoint").text
    recorder.post(recorder.fact("access-revoked", partner=PARTNER, asset=PAGE))
    verified = _verified(client, kind="who", asset=ASSET, since=old)
    assert verified.since is not None
    assert (verified.since.size, verified.answer["holders"]) == (3, [])


@pytest.mark.parametrize(
    ("question", "detail"),
    [
        ({"kind": "who"}, "who is about an asset"),
        ({"kind": "what", "asset": ASSET}, "what is not about an asset"),
        ({"kind": "line", "asset": ASSET}, "line is about a partner; give partner"),
        ({"kind": "line", "partner": PARTNER}, "line is about an asset; give asset"),
        ({"kind": "matrix", "partner": PARTNER}, "matrix is not about a partner"),
        ({"kind": "why"}, "kind: 'why': input should be 'who'"),
        ({"kind": "matrix", "since": "no note"}, "since: "),
        ({"kind": "matrix", "at": "yesterday"}, "at: "),
        (
            {
                "kind": "matrix",
                "during": {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"},
            },
            "a period is asked for only of who, what and line",
        ),
    ],
)
def test_a_question_that_no_pack_can_answer_is_said(
    recorder: Recorder, client: TestClient, question: dict[str, object], detail: str
) -> None:
    recorder.story()
    answer = client.post(f"/v1/portfolios/{OWNER}/evidence", json=question)
    assert answer.status_code == 422
    assert re.search(re.escape(detail), answer.json()["detail"])


def test_a_pack_of_a_book_that_does_not_exist(client: TestClient) -> None:
    answer = client.post("/v1/portfolios/99999/evidence", json={"kind": "matrix"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "kind", "status", "detail"),
    [
        ('{"kind":"matrix","kind":"who"}', "application/json", 400, "'kind' is given twice"),
        ("{", "application/json", 400, "the body is not JSON"),
        ('{"kind":"matrix"}', "text/plain", 415, "send application/json"),
        ('{"kind":"matrix","known_at":true}', "application/json", 422, "known_at"),
        ('{"kind":"matrix","knwn":1}', "application/json", 422, "not a field of this question"),
        ('{"kind":"matrix","since":' + "[" * 5000 + "]" * 5000 + "}", "application/json", 400, ""),
        ("[]", "application/json", 422, "a question: [] is not a JSON object"),
    ],
)
def test_a_body_is_read_as_strictly_as_that_of_a_fact(
    recorder: Recorder, client: TestClient, body: str, kind: str, status: int, detail: str
) -> None:
    recorder.story()
    answer = client.post(
        f"/v1/portfolios/{OWNER}/evidence", content=body, headers={"content-type": kind}
    )
    assert (answer.status_code, detail in answer.json()["detail"]) == (status, True), answer.text
