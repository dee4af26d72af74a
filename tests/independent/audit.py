"""Checks a served log with aics-tlog: run by an interpreter that has it, and knows nothing of us.

python audit.py http://127.0.0.1:8420/v1/log VKEY OLD_CHECKPOINT_FILE AUDITOR_SECRET
"""

import sys
from pathlib import Path
from urllib.request import Request, urlopen

import aics_tlog as other  # type: ignore[import-not-found, unused-ignore]


def opened(note: bytes, key: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint that the key signed."""
    parsed = other.parse_note(note)
    result = other.verify_checkpoint(parsed, other.parse_vkey(key))
    if not (result.ok and result.log_ok):
        raise SystemExit(f"checkpoint not accepted: {result.error}")
    return result.size, result.root


def main(base: str, key: str, old_checkpoint: str, secret: str) -> None:
    """Audit every tile and entry, and proofs made by the other side and by the server."""
    headers = {"Authorization": f"Bearer {secret}"}

    def asked(path: str) -> Request:
        return Request(f"{base}/{path}", headers=headers)  # noqa: S310 - an address on loopback

    with urlopen(asked("checkpoint")) as answer:  # noqa: S310 - the same
        size, root = opened(answer.read(), key)
    old_size, old_root = opened(Path(old_checkpoint).read_bytes(), key)
    reader = other.HttpTileReader(base, proxies={})
    reader._opener.addheaders = list(headers.items())
    report = other.audit_tiles(reader, size, root)
    proof = other.consistency_proof_from_tiles(reader, old_size, size)
    if not other.verify_consistency(old_size, size, old_root, root, proof):
        raise SystemExit("the log does not extend the old checkpoint")
    for leaf in (0, 1, 255, 256, size - 1):
        with urlopen(asked(f"proof/{leaf}")) as answer:  # noqa: S310 - the same
            head, _, note = answer.read().partition(b"\n\n")
        lines = head.decode().splitlines()
        if (lines[0], lines[1]) != ("c2sp.org/tlog-proof@v1", f"index {leaf}"):
            raise SystemExit(f"not a log proof of leaf {leaf}: {lines[:2]}")
        hashes = [other.note.b64_decode(line) for line in lines[2:]]
        entry = other.read_entry(reader, leaf, size)
        if opened(note, key) != (size, root) or not other.verify_leaf_inclusion(
            entry, leaf, size, hashes, root
        ):
            raise SystemExit(f"the proof of leaf {leaf} is not accepted")
    told = f"{size} entries, {report.tiles} tiles, {report.bundles} bundles, from {old_size}"
    sys.stdout.write(f"accepted: {told}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
