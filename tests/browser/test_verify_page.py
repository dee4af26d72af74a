"""The page says of every pack what the other verifier says, asks nobody, and breaks on nothing."""

from pathlib import Path

from tests.browser.checker import Checker, Said, by_python

FROZEN = Path(__file__).parents[1] / "evidence/vectors/pack.v1.zip"


def test_the_frozen_pack_is_verified_and_the_partner_shown(checker: Checker) -> None:
    """With its question, its answer, its entries, and what is not proven."""
    assert checker.check(FROZEN.read_bytes()) == Said("verified") == by_python(FROZEN.read_bytes())
    text = checker.text()
    for words in (
        "Söder",
        "563920174410288",
        "Who had access to page:104857600219483?",
        "Not proven",
    ):
        assert words in text
