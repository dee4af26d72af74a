"""Settings, from `ACCESS_LEDGER_*` variables."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting has a default that is right for one person on one machine."""

    model_config = SettingsConfigDict(env_prefix="ACCESS_LEDGER_", extra="ignore", frozen=True)

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
    stop_seconds: int = Field(
        default=30, ge=1, description="How long serve lets running requests finish at SIGTERM."
    )
    ready_lag: int = Field(
        default=100_000,
        ge=0,
        description="Positions that the read model may be behind while /readyz says ready.",
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
