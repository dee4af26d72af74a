"""Settings, from `ACCESS_LEDGER_*` variables."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting has a default that is right for one person on one machine."""

    model_config = SettingsConfigDict(
        env_prefix="ACCESS_LEDGER_",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # it may be a password
    )

    database_url: str | None = Field(
        default=None,
        description="postgresql://user:password@host:port/name; without it, SQLite is used.",
    )
    file: Path = Field(
        default=Path("access-ledger.db"), description="The file of the embedded SQLite ledger."
    )
    book: str | None = Field(
        default=None, description="The book that terminal commands use where --book is left out."
    )
    host: str = Field(default="127.0.0.1", description="The address that serve binds to.")
    port: int = Field(default=8420, ge=0, le=65535, description="The port that serve binds to.")
    max_body_bytes: int = Field(
        default=4_000_000, ge=1, description="The largest request body; more is answered 413."
    )
    max_facts: int = Field(
        default=1000, ge=1, le=1000, description="The most facts in one array; more is 422."
    )
    max_page: int = Field(
        default=1000, ge=1, le=1000, description="The most items a page holds; more is 422."
    )
    max_header_bytes: int = Field(
        default=16_384, ge=256, description="The largest address with its headers; more is 431."
    )
    arrival_seconds: float = Field(
        default=20,
        gt=0,
        description="How long a request's head and body may each take to arrive; then 408. And how "
        "long a client may read nothing of its answer; then its connection is closed.",
    )
    request_seconds: float = Field(
        default=30, gt=0, description="How long a request may take; then it is stopped with 503."
    )
    rate_per_second: float = Field(
        default=500, ge=0, description="Requests a second of one key; more is 429. 0 for no limit."
    )
    rate_burst: int = Field(
        default=1000, ge=1, description="How many requests a key may make at once beyond its rate."
    )
    failed_keys_per_minute: float = Field(
        default=30,
        ge=0,
        description="Wrong keys a minute from one address; then 429. 0 for no limit.",
    )
    stop_seconds: int = Field(
        default=30, ge=1, description="How long serve lets running requests finish at SIGTERM."
    )
    ready_lag: int = Field(
        default=100_000,
        ge=0,
        description="Positions that the read model may be behind while /readyz says ready.",
    )
    kept_entries: int = Field(
        default=1_000_000,
        ge=1,
        description="Books that are written to are kept in memory while they hold no more entries "
        "than this together, at about 1 KB for each.",
    )
    log_key_file: Path | None = Field(
        default=None,
        description="The secret file of signing keys; beside an SQLite ledger one is made.",
    )
    check_hours: float = Field(
        default=0, ge=0, description="How often the worker checks the log by itself; 0 for never."
    )
    poll_seconds: float = Field(
        default=1.0, gt=0, description="How often the worker looks for new entries unasked."
    )

    @field_validator("database_url")
    @classmethod
    def _plain(cls, url: str | None) -> str | None:
        """The URL, unless it is read otherwise than it was meant: its password would be told."""
        if url is None:
            return None
        from psycopg import ProgrammingError  # noqa: PLC0415 - SQLite needs no driver of it
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

        unreadable = PydanticCustomError(
            "unreadable_url",
            "it cannot be read as postgresql://user:password@host:port/name; in the password "
            "write @ as %40, : as %3A, / as %2F, % as %25 and a space as %20",
        )
        try:
            parts = conninfo_to_dict(url)
        except ProgrammingError:
            raise unreadable from None
        if any("@" in str(parts.get(name, "")) for name in ("host", "port", "dbname")):
            raise unreadable
        return url
