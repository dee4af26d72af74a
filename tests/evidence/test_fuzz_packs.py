"""The fuzzing of packs, for a few seconds; `make fuzz` runs it for ten minutes."""

import pytest

from evidence import verifying
from tests.fuzz import fuzz_packs


def test_no_changed_pack_is_verified(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor breaks the verification."""
    monkeypatch.delenv("FUZZ_SEED", raising=False)
    monkeypatch.setenv("FUZZ_SECONDS", "5")
    assert fuzz_packs.main() == 0
    said = capsys.readouterr()
    assert "packs in 5 seconds, from seed" in said.out
    assert "verified" in said.out
    assert not said.err


def test_what_is_found_is_found_again_by_its_seed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Here, a verification that does not look at the manifest's signature."""
    monkeypatch.delenv("FUZZ_SEED", raising=False)
    monkeypatch.setenv("FUZZ_SECONDS", "20")
    monkeypatch.setattr(verifying, "_check_manifest", lambda *_: None)
    assert fuzz_packs.main() == 1
    first, again = capsys.readouterr().err.splitlines()
    assert first.endswith("Found: a pack that was changed is verified")
    seed = again.removeprefix("again with: FUZZ_SEED=").removesuffix(" make fuzz")
    monkeypatch.setenv("FUZZ_SEED", seed)
    with pytest.raises(fuzz_packs.Found, match="a pack that was changed is verified"):
        fuzz_packs.main()
