"""The page as somebody uses it who has a pack."""

from dataclasses import dataclass

from playwright.sync_api import FilePayload, Page

from evidence.errors import VerificationError
from evidence.notes import VerifierKey
from evidence.telling import printable
from evidence.verifying import verify_pack
from tests.evidence.packs import KEYS, vkeys


@dataclass(frozen=True)
class Said:
    """What a verification comes to: a verdict, and the reason where it is refused."""

    verdict: str
    why: str = ""


class Checker:
    """Gives files to the page and reads what it says of them."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def check(self, pack: bytes, keys: str = vkeys(), *, since: bytes | None = None) -> Said:
        """Give the page a pack, keys and an older checkpoint, and wait for what it says."""
        self.page.locator("#pack").set_input_files([])
        self.page.locator("#keys").fill(keys)
        older = [] if since is None else [_file("older.note", since)]
        self.page.locator("#since").set_input_files(older)
        self.page.locator("#pack").set_input_files([_file("pack.zip", pack)])
        return self.said()

    def said(self) -> Said:
        """The verdict that the page comes to."""
        found = self.page.locator("#result[data-verdict]")
        found.wait_for(state="attached")
        verdict = found.get_attribute("data-verdict") or ""
        why = self.page.locator("#verdict p").text_content() or ""
        return Said(verdict, why if verdict in {"refused", "unreadable"} else "")

    def give_keys(self, content: bytes) -> None:
        """Choose a file of keys."""
        self.page.locator("#keys-file").set_input_files([_file("keys.txt", content)])

    def drop(self, pack: bytes) -> None:
        """Drop a pack on the page."""
        self.page.evaluate(
            """bytes => {
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File([Uint8Array.from(bytes)], "pack.zip"));
                for (const name of ["dragover", "drop"]) {
                    document.body.dispatchEvent(
                        new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer }));
                }
            }""",
            list(pack),
        )

    def overflow(self) -> int:
        """By how many pixels the page is wider than the screen."""
        found = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert isinstance(found, int)
        return found

    def text(self) -> str:
        """All that the page shows of the pack."""
        return self.page.locator("#result").inner_text()


def by_python(
    pack: bytes, keys: list[VerifierKey] | None = KEYS, *, since: bytes | None = None
) -> Said:
    """What the other verifier says of the same."""
    try:
        verify_pack(pack, keys, since=since)
    except VerificationError as error:
        return Said("refused", printable(str(error)))
    return Said("unsigned" if keys is None else "verified")


def _file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}
