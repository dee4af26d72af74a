"""Keys: what can be one, what opens, and what does not any more."""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from keys.key import (
    BadKey,
    Key,
    KeyEnded,
    KeyRefused,
    NameTaken,
    NewKey,
    NoSuchKey,
    NotAuthenticated,
    Role,
)
from tests.conftest import TestClock

BOOK, OTHER, PARTNER = "506914307656634", "600000000000001", "563920174410288"
NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def reader(name: str = "warehouse", **more: Any) -> NewKey:
    """A key that reads one book."""
    return NewKey(name=name, role=Role.READER, books=frozenset({BOOK}), **more)


def opens(services: Services, secret: str) -> bool:
    """Whether a secret opens."""
    try:
        services.keys.authenticate(secret)
    except NotAuthenticated:
        return False
    return True


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"role": Role.ADMIN, "books": {BOOK}}, "the role admin has no books of its own; leave"),
        ({"role": Role.AUDITOR, "books": {BOOK}}, "the role auditor has no books of its own"),
        ({"role": Role.RECORDER}, "a recorder key needs a book; name the portfolio whose record"),
        ({"role": Role.READER}, "a reader key needs a book"),
        ({"role": Role.PARTNER, "partner": PARTNER}, "a partner key needs a book"),
        ({"role": Role.PARTNER, "books": {BOOK}}, "a partner key needs its partner; name the"),
        (
            {"role": Role.PARTNER, "books": {BOOK, OTHER}, "partner": PARTNER},
            "a partner key is for one book, and 2 are named; make a key for each",
        ),
        (
            {"role": Role.PARTNER, "books": {BOOK}, "partner": BOOK},
            f"{BOOK} owns the book itself; the partner is another portfolio",
        ),
        (
            {"role": Role.READER, "books": {BOOK}, "partner": PARTNER},
            "only a partner key has a partner; leave the partner out of a reader key",
        ),
        ({"role": Role.READER, "books": {"act_1"}}, "'act_1' is not a portfolio; give the 5 to 20"),
        ({"role": Role.READER, "books": {f"{n:05}" for n in range(1001)}}, "1001 books are too ma"),
        ({"name": "Ann Example", "role": Role.ADMIN}, "'Ann Example' cannot be the name of a key"),
        ({"name": "", "role": Role.ADMIN}, "'' cannot be the name of a key; give a lower-case"),
        ({"name": "key_1", "role": Role.ADMIN}, "not beginning with key_"),
        ({"name": "a\n", "role": Role.ADMIN}, "cannot be the name of a key"),
        ({"name": "cli", "role": Role.ADMIN}, "'cli' stands for what is recorded without a key"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_in_words(
    fields: dict[str, Any], message: str
) -> None:
    books = frozenset(fields.pop("books", ()))
    with pytest.raises(BadKey) as refused:
        NewKey(**{"name": "warehouse", "books": books, **fields})
    assert message in str(refused.value)


@given(
    role=st.sampled_from(Role),
    books=st.frozensets(st.sampled_from([BOOK, OTHER]), max_size=2),
    partner=st.sampled_from([None, PARTNER]),
)
def test_what_a_key_may_do_follows_from_its_role_and_books(
    role: Role, books: frozenset[str], partner: str | None
) -> None:
    """Whatever is built: nobody writes but a recorder in its books, admins read no book."""
    try:
        new = NewKey(name="k", role=role, books=books, partner=partner)
    except BadKey:
        return
    key = Key("key_1", "k", role, new.books, partner, NOON, None, None, None)
    for book in (BOOK, OTHER):
        assert key.may_write(book) == (role is Role.RECORDER and book in books)
        assert key.may_read(book) == (role is Role.AUDITOR or book in books)
    assert not key.may_read("99999") or role is Role.AUDITOR


def test_a_secret_has_256_random_bits_and_is_stored_as_its_hash(services: Services) -> None:
    made, secret = services.keys.create(reader())
    again = services.keys.create(reader("other"))[1]
    assert re.fullmatch(r"al_live_[A-Za-z0-9_-]{43}", secret)
    assert secret != again
    assert services.keys.authenticate(secret) == made
    with services.database.reading() as connection:
        tables = [
            [tuple(row.values() if isinstance(row, dict) else row) for row in found]
            for table in ("api_key", "api_key_secret", "access_record")
            for found in [connection.execute(f"SELECT * FROM {table}").fetchall()]
        ]
    assert hashlib.sha256(secret.encode()).hexdigest() in str(tables)
    assert secret.removeprefix("al_live_") not in str(tables)


def test_another_secret_opens_nothing(services: Services) -> None:
    """And the message is the same for all, and says what to do."""
    _, s = services.keys.create(reader())
    digest = hashlib.sha256(s.encode()).hexdigest()
    for wrong in (
        "", s[:-1], s + "=", s.removeprefix("al_live_"), s.lower(), f" {s}", digest,
        "al_live_" + "A" * 43, "\udcff", "\u00e9" * 5000,
    ):  # fmt: skip
        with pytest.raises(NotAuthenticated) as refused:
            services.keys.authenticate(wrong)
        assert str(refused.value) == (
            "a key is needed: send the header Authorization: Bearer al_live_...; the one that came "
            "is missing, malformed, unknown, revoked or expired, so ask whoever manages the keys"
        )


def test_a_key_ends_when_it_expires(services: Services, clock: TestClock) -> None:
    clock.set_to = NOON
    with pytest.raises(BadKey, match="is not later than now"):
        services.keys.create(reader(expires_at=NOON))
    _, secret = services.keys.create(reader(expires_at=NOON + HOUR))
    assert opens(services, secret)
    clock.set_to = NOON + HOUR
    assert not opens(services, secret)
    with pytest.raises(KeyEnded, match=r"expired at 2026-06-30T13:00:00\.000000Z; make a new key"):
        services.keys.rotate("warehouse")


def test_a_revocation_holds_at_once_and_whatever_the_clock_says(
    services: Services, settings: Settings, clock: TestClock
) -> None:
    """Also for another process, and after the clock has jumped back."""
    clock.set_to = NOON
    key, secret = services.keys.create(reader())
    with open_services(settings, clock=clock) as elsewhere:
        assert opens(elsewhere, secret)
        ended = services.keys.revoke(key.id)
        assert not opens(elsewhere, secret)
    clock.set_to = NOON - HOUR
    assert not opens(services, secret)
    assert services.keys.revoke(key.id) == ended, "the second time changes nothing"
    with pytest.raises(KeyEnded, match="was revoked at 2026-06-30T12:00"):
        services.keys.rotate(key.id)
    with pytest.raises(NoSuchKey, match="there is no key 'warehouse'; access-ledger keys list"):
        services.keys.revoke("warehouse")  # its name is free again


def test_rotation_gives_a_new_secret_to_the_same_key(services: Services, clock: TestClock) -> None:
    """The former one ends at once, also where the clock then jumps back."""
    clock.set_to = NOON
    key, first = services.keys.create(reader())
    rotated, second = services.keys.rotate("warehouse")
    assert (rotated.id, rotated.books) == (key.id, key.books)
    clock.set_to = NOON - HOUR
    assert (opens(services, first), opens(services, second)) == (False, True)


def test_with_a_grace_the_former_secret_opens_until_it_is_over(
    services: Services, clock: TestClock
) -> None:
    clock.set_to = NOON
    _, first = services.keys.create(reader())
    second = services.keys.rotate("warehouse", grace=HOUR)[1]
    third = services.keys.rotate("warehouse", grace=3 * HOUR)[1]
    assert all(opens(services, secret) for secret in (first, second, third))
    clock.set_to = NOON + HOUR + timedelta(seconds=1)
    assert [opens(services, secret) for secret in (first, second, third)] == [False, True, True]
    clock.set_to = NOON + 4 * HOUR
    assert [opens(services, secret) for secret in (first, second, third)] == [False, False, True]
    for grace in (-HOUR, timedelta(days=91)):
        with pytest.raises(BadKey, match="seconds is not possible; give 0 to 7776000"):
            services.keys.rotate("warehouse", grace=grace)


def test_a_name_is_one_keys_until_it_is_revoked(services: Services) -> None:
    """Entries are recorded by it."""
    key, _ = services.keys.create(reader())
    with pytest.raises(NameTaken) as refused:
        services.keys.create(reader())
    assert str(refused.value) == (
        f"the name 'warehouse' is taken by {key.id}; rotate that key, revoke it first, or give "
        "another name"
    )
    services.keys.revoke("warehouse")
    again, _ = services.keys.create(reader())
    assert [k.id for k in services.keys.listed()] == [key.id, again.id]


def test_of_several_that_want_a_name_at_once_one_gets_it(settings: Settings) -> None:
    def create(_: int) -> bool:
        with open_services(settings) as opened:
            try:
                opened.keys.create(reader())
            except KeyRefused:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(create, range(4))) == 1


def test_of_several_that_start_on_an_empty_ledger_one_makes_the_first_key(
    settings: Settings,
) -> None:
    def first(_: int) -> str | None:
        with open_services(settings) as opened:
            made = opened.keys.create_first()
            return made[1] if made else None

    with ThreadPoolExecutor(6) as pool:
        secrets = [secret for secret in pool.map(first, range(6)) if secret]
    assert len(secrets) == 1
    with open_services(settings) as opened:
        (key,) = opened.keys.listed()
        assert (key.name, key.role) == ("first-admin", Role.ADMIN)
        assert opened.keys.authenticate(secrets[0]).id == key.id
        opened.keys.revoke(key.id)
        assert opened.keys.create_first() is None, "that there was one is enough"


def test_a_use_is_noted_once_a_minute(services: Services, clock: TestClock) -> None:
    clock.set_to = NOON
    _, secret = services.keys.create(reader())
    key = services.keys.authenticate(secret)
    assert services.keys.use_is_due(key)
    services.keys.note_use(key)
    services.keys.note_use(key)
    noted = services.keys.authenticate(secret)
    assert noted.last_used_at is not None
    assert noted.last_used_at - NOON < timedelta(seconds=1)
    assert not services.keys.use_is_due(noted)
    clock.set_to = NOON + timedelta(minutes=1, seconds=1)
    assert services.keys.use_is_due(noted)
    services.keys.note_use(noted)
    assert services.keys.authenticate(secret).last_used_at > noted.last_used_at  # type: ignore[operator]
