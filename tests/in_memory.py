"""The tests' files lie in memory where there is room: a disk would sync each of their commits."""

import os
import shutil
import tempfile

MEMORY = "/dev/shm"  # noqa: S108 - folders in it have names that nobody can foresee
NEEDED_BYTES = 4 * 2**30


def keep_files_in_memory() -> None:
    """For this process and those that it begins, unless TMPDIR says already where."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    runs_programs = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC  # as some tests do in their folder
    if runs_programs and shutil.disk_usage(MEMORY).free >= NEEDED_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = MEMORY
