"""What differs between two moments, without a browser: words, twins, doors and limits."""

import csv
import html
import io
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.pages import differences
from bootstrap.services import Services
from keys.key import Role
from tests.api.conftest import OTHER, OWNER, PAGE, PARTNER, Recorder, SignIn
from tests.api.test_pages_timelines import text_of

DIFFERENCES = f"/pages/{OWNER}/differences"
DIFF = f"/v1/portfolios/{OWNER}/diff"
SHOP = {"type": "page", "id": "204857600219483", "name": "Shop"}


@pytest.fixture
def reader(browser: TestClient, sign_in: SignIn, recorder: Recorder) -> TestClient:
    """A reader's browser on a story of eight entries; what is said of March changes at the end."""
    recorder.story()
    march = {"partner": PARTNER, "asset": PAGE}
    recorder.post(
        recorder.fact("access-changed", tasks=["ANALYZE"], effective_at=day(10), **march),
        recorder.fact("ownership-established", asset=SHOP, effective_at=day(3)),
        recorder.fact(
            "access-granted", partner=PARTNER, asset=SHOP, tasks=["ANALYZE"], effective_at=day(12)
        ),
    )
    recorder.post(
        recorder.fact(
            "access-revoked", effective_after=day(18), effective_at=day(20),
            reason="seen to be gone", **march,
        )
    )  # fmt: skip
    recorder.post({"book": OWNER, "fact": "entry-voided", "id": "v", "entry": 6, "reason": "no"})
    sign_in(Role.READER, OWNER)
    return browser


def day(number: int) -> str:
    """A day of March."""
    return f"2026-03-{number:02}T00:00:00Z"


def shop_again(recorder: Recorder) -> dict[str, Any]:
    """What stood in the entry that was declared wrong, a day later."""
    return recorder.fact(
        "access-granted", partner=PARTNER, asset=SHOP, tasks=["ANALYZE"], effective_at=day(13)
    )


def rows_of(browser: TestClient, query: str) -> list[dict[str, str]]:
    """The rows of the sheet."""
    answer = browser.get(f"{DIFFERENCES}.csv{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_two_moments_are_told_as_what_happened(reader: TestClient) -> None:
    said = text_of(reader.get(f"{DIFFERENCES}?from_at=2026-03-05&at=2026-03-19"))
    assert "Before: as of 5 Mar 2026, 00:00 UTC , as known at entry 8" in said
    assert "After: as of 19 Mar 2026, 00:00 UTC" in said
    assert "Two moments, as known at the same time. What differs happened in between" in said
    assert "Level that changed 1 Partner Asset Before After Entries Fern" in said
    assert "F full control MANAGE P? possibly partial access ANALYZE" in said
    assert re.search(r"access changed 10 Mar 2026, 00:00 UTC entry 4 , recorded .* by k[0-9]", said)
    later = text_of(reader.get(f"{DIFFERENCES}?from_at=2026-03-19&at=2026-03-21"))
    assert "Access that ended" in later
    assert "P? possibly partial access ANALYZE no access recorded access taken away" in later


def test_two_states_of_knowledge_are_told_as_what_was_learned(reader: TestClient) -> None:
    """Of one moment: nothing is said to have begun or ended."""
    said = text_of(reader.get(f"{DIFFERENCES}?at=2026-03-15&from_known_at=7"))
    assert "The same moment, as known at two times. Nothing lies between the two but what" in said
    assert "Access no longer said to be there 1 Partner Asset Before After Entries Fern" in said
    assert "entry 6 declared wrong entry 8 , recorded " in said
    assert "ended" not in said
    said = text_of(reader.get(f"{DIFFERENCES}?at=2026-03-15&known_at=7&from_known_at=3"))
    assert "Access newly said to be there" in said
    assert "Level that is said differently" in said
    assert "it happened after what is compared" in said  # the revoke of 20 March
    assert "began" not in said


def test_both_clocks_at_once_lead_to_each_of_them_alone(reader: TestClient) -> None:
    answer = reader.get(f"{DIFFERENCES}?from_at=2026-03-05&from_known_at=6&at=2026-03-25")
    said = text_of(answer)
    assert "Two moments, each as it was known at its own time." in said
    assert "Access before, and not after" in said
    for name, clock in (("only what happened", "Two moments, as"), ("only what was l", "The same")):
        (link,) = re.findall(rf'href="([^"]*)">{name}', answer.text)
        assert f"{clock}" in text_of(reader.get(html.unescape(link)))


def test_certainty_that_comes_and_goes_has_names_of_its_own(reader: TestClient) -> None:
    """The access was seen to be gone on the 20th and last seen to be there on the 18th."""
    for query, name in (
        ("from_at=2026-03-17&at=2026-03-19", "No longer certain"),
        ("from_at=2026-03-19&at=2026-03-17", "Became certain"),
    ):
        said = text_of(reader.get(f"{DIFFERENCES}?{query}"))
        assert f"{name} 1 Partner Asset" in said
        assert rows_of(reader, f"?{query}")[0]["difference"] in {"certain", "uncertain"}


def test_the_same_level_with_other_tasks_is_a_difference(
    reader: TestClient, recorder: Recorder
) -> None:
    again = {"partner": PARTNER, "asset": PAGE, "replaces": 4}
    recorder.post(
        recorder.fact(
            "access-changed", tasks=["ADVERTISE", "MANAGE"], effective_at=day(10), **again
        )
    )
    query = "?from_at=2026-03-05&at=2026-03-15"
    assert "Same level, but other tasks" in text_of(reader.get(f"{DIFFERENCES}{query}"))
    (row,) = rows_of(reader, query)
    assert (row["difference"], row["before"], row["after"]) == (
        "same_level", "full_control", "full_control",
    )  # fmt: skip
    assert (row["before_tasks"], row["after_tasks"]) == ("MANAGE", "ADVERTISE MANAGE")


def test_another_owner_differs_too(reader: TestClient, recorder: Recorder) -> None:
    """And what the partner itself owns is told where it has no access recorded."""
    recorder.post(
        shop_again(recorder),
        recorder.fact("ownership-transferred", asset=SHOP, to_owner=PARTNER, effective_at=day(16)),
    )
    query = "?from_at=2026-03-15&at=2026-03-17"
    said = text_of(reader.get(f"{DIFFERENCES}{query}"))
    assert "P partial access ANALYZE owns it itself so no access is recorded" in said
    assert "Another owner 1" in said
    assert "Owner before Owner after" in said
    assert "a partner owns this passed on to another owner 16 Mar 2026" in said
    access, ownership = rows_of(reader, query)
    assert (access["section"], access["difference"]) == ("access", "ended")
    assert (ownership["section"], ownership["before"], ownership["after"]) == (
        "ownership", OWNER, PARTNER,
    )  # fmt: skip
    early = text_of(reader.get(f"{DIFFERENCES}?from_at=2026-03-01&at=2026-03-05"))
    assert "not known no access is recorded, which is not a no" in early
    assert f"Shop {SHOP['id']} Page not known {OWNER} this book\u2019s own portfolio" in early


def test_a_moment_beside_itself_differs_in_nothing(reader: TestClient) -> None:
    same = "from_at=2026-03-15&at=2026-03-15&from_known_at=7&known_at=7"
    answer = reader.get(f"{DIFFERENCES}?{same}")
    assert "Both sides are the same moment, as known at the same time" in text_of(answer)
    assert "Nothing differs: the same access, and the same owners." in text_of(answer)
    assert "<table" not in answer.text
    assert rows_of(reader, f"?{same}") == []


def test_what_nobody_asked_for_is_what_the_newest_entries_changed(reader: TestClient) -> None:
    answer = reader.get(DIFFERENCES)
    said = text_of(answer)
    assert "so this is what the newest entries changed" in said
    assert "as known at entry 7," in said
    assert '<details class="presets" open>' in answer.text
    (row,) = rows_of(reader, "")
    assert (row["asset_id"], row["difference"], row["entries"]) == (SHOP["id"], "ended", "8")
    asked = reader.get(f"{DIFFERENCES}?known_at=6")
    assert "as known at entry 3," in text_of(asked)
    assert '<details class="presets">' in reader.get(f"{DIFFERENCES}?from_known_at=3").text
    assert "as known at entry 0." in text_of(reader.get(f"{DIFFERENCES}?known_at=3"))
    assert "as known at entry 0." in text_of(reader.get(f"{DIFFERENCES}?known_at=0"))


def test_what_is_often_asked_is_there_to_be_clicked(reader: TestClient, recorder: Recorder) -> None:
    recorder.post(
        shop_again(recorder),
        recorder.fact("partner-removed", partner=PARTNER, effective_at=day(25)),
    )
    answer = reader.get(f"{DIFFERENCES}?at=2026-04-15")
    presets = answer.text.partition("<details")[2].partition("</details>")[0]
    found = {
        text_of_link(inner): html.unescape(link)
        for link, inner in re.findall(r'<a href="([^"]*)">(.*?)</a>', presets, re.DOTALL)
    }
    assert next(iter(found)) == "What the newest entries changed"
    assert "What changed since 16 Mar 2026, 00:00 UTC" in found
    left = found[f"What changed since 24 Mar 2026, 00:00 UTC , before Fern {PARTNER} left"]
    assert "at=2026-04-15" in left
    assert "access that ended" in text_of(reader.get(left)).casefold()
    (learned,) = (link for words, link in found.items() if words.startswith("What was learned"))
    assert "Nothing lies between the two but what was learned" in text_of(reader.get(learned))


def text_of_link(inner: str) -> str:
    """What a link says, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", inner)).split())


def test_the_moments_may_be_turned_round(reader: TestClient) -> None:
    """With entries that only the moment before knows."""
    answer = reader.get(f"{DIFFERENCES}?at=2026-03-15&known_at=7")
    assert "reads backwards" not in answer.text
    answer = reader.get(f"{DIFFERENCES}?at=2026-03-15&from_known_at=8&known_at=7")
    assert "this reads backwards" in answer.text
    assert '/entries/8?at=2026-03-15&amp;known_at=8"' in answer.text
    (turn,) = re.findall(r'href="([^"]*)">Turn it round', answer.text)
    turned = reader.get(html.unescape(turn))
    assert "reads backwards" not in turned.text
    assert "Access no longer said to be there" in text_of(turned)
    backwards = text_of(reader.get(f"{DIFFERENCES}?from_at=2026-03-25&at=2026-03-05"))
    assert "Access after, and not before" in backwards
    assert "began" not in backwards


def test_the_twins_are_the_api_s_answer(reader: TestClient, client: TestClient) -> None:
    for page, api in (
        (f"from_at={day(5)}&at={day(19)}&known_at=7", f"from={day(5)}&to={day(19)}&known_at=7"),
        (f"at={day(15)}&from_known_at=3&known_at=7", f"at={day(15)}&from_known=3&to_known=7"),
    ):
        twin = reader.get(f"{DIFFERENCES}.json?{page}")
        assert twin.json() == client.get(f"{DIFF}?{api}").json()
        sheet = reader.get(f"{DIFFERENCES}.csv?{page}")
        name = f'attachment; filename="{OWNER}-differences.csv"'
        assert sheet.headers["content-disposition"] == name
        assert len(rows_of(reader, f"?{page}")) >= len(twin.json()["changes"]) > 0


def test_the_permanent_link_pins_both_moments_on_both_clocks(
    reader: TestClient, recorder: Recorder
) -> None:
    """So that it says the same for ever; the twins hang on it too."""
    answer = reader.get(f"{DIFFERENCES}?from_at=2026-03-05")
    (link,) = re.findall(r'id="permanent" href="([^"]*)"', answer.text)
    link = html.unescape(link)
    for name in ("from_at=2026-03-05T", "from_known_at=8", "&at=", "&known_at=8"):
        assert name in link
    before = reader.get(link)
    twin = reader.get(link.replace("differences", "differences.json")).json()
    recorder.post(
        recorder.fact("access-revoked", partner=PARTNER, asset=PAGE, replaces=7, reason="earlier",
                      effective_at=day(11))
    )  # fmt: skip
    after = reader.get(link)
    assert reader.get(link.replace("differences", "differences.json")).json() == twin
    compared = [text_of(page).partition("The whole matrix")[2] for page in (before, after)]
    assert compared[0] == compared[1]


def test_the_ends_of_time_can_be_asked_about(reader: TestClient) -> None:
    """Nothing lies before the first day, and everything is asked about to the last."""
    for at in ("0001-01-01", "0001-01-10", "9999-12-31T23:59:59.999999Z"):
        for query in (f"at={at}", f"from_at={at}", f"from_at={at}&at={at}&from_known_at=3"):
            assert reader.get(f"{DIFFERENCES}?{query}").status_code == 200, query


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("from_at=spring&from_known_at=3&at=2026-03-05", "before, as of: 'spring' is not an RFC"),
        ("from_known_at=99&at=2026-03-05", "known_at 99 is not an entry of book"),
        ("from_known_at=x&known_at=3", "before, as known at: 'x' is not"),
        ("from_at=2026-03-01&at=winter&known_at=2", "as of: 'winter' is not"),
        ("from_at=2026-03-01&from_at=2026-03-02", "from_at is given more than once"),
    ],
)
def test_a_question_that_cannot_be_asked_is_kept(reader: TestClient, query: str, why: str) -> None:
    """In the four fields, each once, so that it can be mended."""
    answer = reader.get(f"{DIFFERENCES}?{query}")
    assert answer.status_code == 422
    assert why in text_of(answer)
    for name in ("from_at", "from_known_at", "at", "known_at"):
        (value,) = re.findall(rf'<input name="{name}" value="([^"]*)"', answer.text)
        assert value == dict(part.split("=") for part in query.split("&")).get(name, "")
    assert 'type="hidden"' not in answer.text
    assert why.partition(":")[0] in reader.get(f"{DIFFERENCES}.json?{query}").json()["detail"]


def test_the_banner_and_the_navigation_lead_here(reader: TestClient) -> None:
    answer = reader.get(f"/pages/{OWNER}/matrix?at=2026-03-15&known_at=3")
    (link,) = re.findall(r'href="([^"]*)" data-now>what differs', answer.text)
    assert link == f"{DIFFERENCES}?from_known_at=3&amp;at=2026-03-15"
    said = text_of(reader.get(html.unescape(link)))
    assert "as known at entry 3" in said
    assert "Level that is said differently" in said
    assert f'href="{DIFFERENCES}?at=2026-03-15&amp;known_at=3" data-onward' in answer.text
    assert f'href="{DIFFERENCES}"' in reader.get("/pages/").text
    here = reader.get(DIFFERENCES).text
    assert re.search(r'/differences" data-onward aria-current="page">Differences', here)


def test_a_partner_sees_what_differs_of_its_own(
    browser: TestClient, sign_in: SignIn, recorder: Recorder
) -> None:
    """That something of others was recorded changes nothing on its page but the entry's number."""
    recorder.story()
    hidden = {"type": "page", "id": "304857600219483", "name": "hush-page"}
    rival = {"partner": OTHER, "partner_name": "hush-rival", "effective_at": day(3)}
    recorder.post(
        recorder.fact("partner-added", **rival),
        recorder.fact("ownership-established", asset=hidden, effective_at=day(3)),
        recorder.fact("access-granted", asset=hidden, tasks=["MANAGE"], **rival),
        recorder.fact("access-granted", asset=PAGE, tasks=["MANAGE"], **rival),
    )
    sign_in(Role.READER, OWNER)
    asked = "?from_at=2026-03-01&at=2026-03-05"
    assert "hush-" in browser.get(f"{DIFFERENCES}{asked}").text
    assert len(browser.get(f"{DIFFERENCES}.json{asked}").json()["changes"]) == 3
    sign_in(Role.PARTNER, OWNER, partner=PARTNER)
    for twin in ("", ".json", ".csv"):
        for query in (asked, "?from_known_at=0&at=2026-03-05", ""):
            text = browser.get(f"{DIFFERENCES}{twin}{query}").text
            assert "hush-" not in text
            assert OTHER not in text
            assert hidden["id"] not in text
    (change,) = browser.get(f"{DIFFERENCES}.json{asked}").json()["changes"]
    assert change["after"][0]["partner"] == PARTNER
    newest = text_of(browser.get(DIFFERENCES))
    assert "Nothing differs" in newest
    assert "This key sees what concerns partner" in newest


def test_hostile_names_are_only_names(
    browser: TestClient, sign_in: SignIn, recorder: Recorder
) -> None:
    names = ("<script>alert(1)</script>", "\" onmouseover=\"alert(1)' x='", "{{ 7*7 }}", "=1+1")
    for n, name in enumerate(names):
        line = {"partner": str(6 * 10**14 + n), "partner_name": name, "effective_at": day(2)}
        asset = {"type": "custom", "id": f'a?b#c%{n}"<x>&=;.json', "name": name}
        answer = recorder.post(
            recorder.fact("partner-added", **line),
            recorder.fact("ownership-established", asset=asset, effective_at=day(2)),
            recorder.fact("access-granted", asset=asset, tasks=["a<b", name[:1]], **line),
            recorder.fact("partner-removed", **{**line, "effective_at": day(8)}),
        )
        assert answer.status_code == 201, answer.text
    sign_in(Role.READER, OWNER)
    for query in ("?from_at=2026-03-01&at=2026-03-05", "?from_known_at=0", "?from_at=2026-03-05"):
        answer = browser.get(f"{DIFFERENCES}{query}")
        assert "<script>alert" not in answer.text
        assert not re.search(r"<[^>]* onmouseover", answer.text)
        assert text_of(answer).count(names[2]) >= len(query) % 2
        for link in set(re.findall(r'href="(/pages/[^"]*)"', answer.text)):
            assert browser.get(html.unescape(link)).status_code == 200, link
    sheet = browser.get(f"{DIFFERENCES}.csv?from_at=2026-03-01&at=2026-03-05").text
    assert "'=1+1" in sheet


def test_a_page_shows_so_many_and_its_twins_all(
    reader: TestClient, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And of a difference with many entries it gives the numbers."""
    for n in range(differences.MOST_TOLD):
        tasks = [["MANAGE"], ["ADVERTISE"]][n % 2]
        recorder.post(
            recorder.fact("access-changed", partner=PARTNER, asset=PAGE, tasks=tasks,
                          effective_at=f"2026-03-05T0{n}:00:00Z")
        )  # fmt: skip
    query = "?from_known_at=0&at=2026-03-15"
    whole = reader.get(f"{DIFFERENCES}{query}")
    assert "These are many" not in whole.text
    assert re.search(r"[0-9]+ entries( [0-9]+)+ ", text_of(whole))
    sizes = []
    for most in (0, 1, 2):
        monkeypatch.setattr(differences, "MOST", most)
        answer = reader.get(f"{DIFFERENCES}{query}")
        sizes.append(answer.text.count('<tr><th scope="row"'))
        assert f"{3 - most} of them are not on this page" in text_of(answer)
        assert "2 Another owner" in text_of(answer)
        assert len(rows_of(reader, query)) == 3
    assert sizes == [0, 1, 2]


def test_every_entry_named_has_its_page(reader: TestClient, services: Services) -> None:
    newest = services.questions.books()[OWNER]
    for query in ("?from_known_at=0", "?from_at=2026-03-05&at=2026-03-21", "?at=2026-03-15"):
        answer = reader.get(f"{DIFFERENCES}{query}")
        links = set(re.findall(r'href="(/pages/[^"]*/entries/([0-9]+)[^"]*)"', answer.text))
        assert {int(number) for _, number in links} <= set(range(1, newest + 1))
        assert links
        for link, number in links:
            page = reader.get(html.unescape(link))
            assert page.status_code == 200
            assert f"Entry {number}" in page.text
