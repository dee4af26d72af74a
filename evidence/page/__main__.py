"""`python -m evidence.page`: join the page anew and write it to evidence/verify.html."""

from pathlib import Path

from evidence.page import join

HERE = Path(__file__).parent
PAGE = HERE.parent / "verify.html"


def joined() -> bytes:
    """The page as its parts make it."""
    return join(lambda name: (HERE / name).read_text(encoding="utf-8")).encode()


if __name__ == "__main__":
    PAGE.write_bytes(joined())
