"""A program's scratch folder: measured while it runs, emptied afterwards, whatever it left there."""

import contextlib
import os


def empty(folder: str) -> None:
    """Remove everything in `folder`; a link put in its place is not followed. Raises `OSError` if something stays.

    Not `shutil.rmtree`: that recurses, and a program can nest folders deeper than our stack; nor does it open
    folders that the program has locked. Here every folder found is moved up first, so no path grows long.
    """
    moved = os.path.join(folder, os.urandom(8).hex())  # a name that the program cannot have taken
    count = 0
    with contextlib.suppress(OSError):
        if os.path.islink(folder) or not os.path.isdir(folder):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(folder)
            os.mkdir(folder, 0o700)
    pending, emptied = [folder], []
    while pending:
        here = pending.pop()
        with contextlib.suppress(OSError):
            os.chmod(here, 0o700)
            for entry in list(os.scandir(here)):
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                os.chmod(entry.path, 0o700)  # moving a folder writes its "..", which needs permission
                try:
                    os.rename(entry.path, f"{moved}{count}")
                    pending.append(f"{moved}{count}")
                except OSError:  # Landlock before ABI 2 refuses any move between folders
                    pending.append(entry.path)
                count += 1
            if here != folder:
                emptied.append(here)
    for here in reversed(emptied):
        with contextlib.suppress(OSError):
            os.rmdir(here)
    if os.listdir(folder):
        raise OSError(f"the scratch folder cannot be emptied: {os.listdir(folder)[:3]}")


def measure(folder: str, most: int) -> int:
    """Bytes on disk at and below `folder`, counted until they exceed `most`."""
    total = 0
    pending = [folder]
    while pending and total <= most:
        try:
            entries = os.scandir(pending.pop())
        except FileNotFoundError:  # removed meanwhile
            continue
        except OSError:  # too deep, or locked: whatever it hides is too much
            return most + 1
        with entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    total += max(entry.stat(follow_symlinks=False).st_blocks * 512, 1024)
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                if total > most:
                    break
    return total
