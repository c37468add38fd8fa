"""The layers of isolation in force here, as a Markdown table: as this user, and as in a default container.

    python benchmarks/isolation_table.py [--user UID]

Runs `benchcore doctor --json` in each situation and prints what it says. Namespaces are forbidden as a container's
default profile forbids them: by a seccomp filter, and (as root) without CAP_SYS_ADMIN. `--user` adds an ordinary user,
who must be able to reach this Python and benchcore.
"""

import argparse
import ctypes
import errno
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from benchcore.graders.sandbox.kernel import libc, seccomp

DOCTOR = [sys.executable, "-c", "from benchcore.cli import main; main()", "doctor", "--json"]
# mount, umount2, pivot_root, unshare, setns, open_tree, move_mount, mount_setattr and clone3 on x86-64
FORBIDDEN = (165, 166, 155, 272, 308, 428, 429, 442, 435)
CAP_SYS_ADMIN = 21


def forbid_namespaces() -> None:
    """No namespaces and no mounts for this process and all it starts."""
    if os.getuid() == 0:
        libc.prctl(libc.PR_CAPBSET_DROP, CAP_SYS_ADMIN)
    code = [(0x20, 0, 0, 0)]
    for number in FORBIDDEN:
        refusal = errno.ENOSYS if number == 435 else errno.EPERM
        code += [(0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | refusal)]
    code += [(0x15, 0, 3, 56), (0x20, 0, 0, 16), (0x45, 0, 1, 0x7E020000), (0x06, 0, 0, 0x00050000 | errno.EPERM)]
    code.append((0x06, 0, 0, 0x7FFF0000))
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    seccomp.prepare(b"".join(struct.pack("=HBBI", *line) for line in code))()


def as_user(uid: int) -> None:
    """Become an ordinary user."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def doctor(*steps: Callable[[], None]) -> dict[str, Any]:
    """What `benchcore doctor --json` says of isolation after `steps` in its process."""

    def prepare() -> None:
        for step in steps:
            step()

    done = subprocess.run(DOCTOR, stdout=subprocess.PIPE, check=True, preexec_fn=prepare, cwd="/")
    found: dict[str, Any] = json.loads(done.stdout)["isolation"]
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--user", type=int, help="uid of an ordinary user, when run as root")
    arguments = parser.parse_args()
    ctypes.CDLL(None)  # loaded before the fork that `preexec_fn` runs in
    me = "root" if os.getuid() == 0 else "ordinary user"
    found = {me: doctor(), f"{me}, no namespaces": doctor(forbid_namespaces)}
    if arguments.user is not None:
        found["ordinary user"] = doctor(lambda: as_user(arguments.user))
        found["ordinary user, no namespaces"] = doctor(forbid_namespaces, lambda: as_user(arguments.user))
    columns = {name: isolation["levels"][isolation["level"]] for name, isolation in found.items()}
    rows = {"level": [isolation["level"] or "none" for isolation in found.values()]}
    rows["why not better"] = [
        "; ".join(f"{level}: {state['reason']}" for level, state in isolation["levels"].items() if state["reason"])
        for isolation in found.values()
    ]
    for layer in dict.fromkeys(layer for state in columns.values() for layer in state["layers"]):
        rows[layer] = [state["layers"].get(layer, "") for state in columns.values()]
    rows["probes held"] = [
        f"{sum(state == 'held' for state in column['probes'].values())} of {len(column['probes'])}"
        for column in columns.values()
    ]
    print(f"| layer | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
