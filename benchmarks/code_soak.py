"""Is anything lost in 50,000 programs? One `grade_samples`, its memory, and what `kill -9` of its processes does.

    python benchmarks/code_soak.py [--programs 50000] [--kills 20] [--older 0] [--endless 100] [--seed 0]

HumanEval's references among programs that fail in known ways; each must be graded once and as expected. Memory is
that of the process that called, and beside it that of its descendants. `--kills` kills that many of the descendants,
any of them, at random moments; with `--older S` only those that have lived S seconds, which spares the processes of
the programs themselves where they are not the same. `--endless` puts that many endless programs in a row, in the
middle. Exits 1 when a grade is lost, doubled or not as expected, or a process or a folder is left.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from code_sides import (
    ENDLESS,
    PATIENCE,
    RATHER,
    WRONG,
    Sign,
    Stuck,
    descendants,
    problems,
    run,
    write_samples,
)

MIB = 1 << 20
POINTS = 10
SHOWN = 10
LOUD = "    print('x' * 100_000)\n"  # before a reference: more than a pipe holds
FAILING = (  # each with its share of all programs
    (0.15, WRONG),
    (0.05, "    raise ValueError('no')\n"),
    (0.03, "    return (\n"),
    (0.02, "    import os\n    os._exit(0)\n"),
    (0.02, "    raise SystemExit(0)\n"),
    (0.02, "    return [0] * 10**12\n"),
    (0.01, "    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n"),
)
LOUD_SHARE = 0.05

Row = tuple[str, str, str]  # task id, completion, expected verdict


@dataclass
class Watcher:
    """Prints memory at `POINTS` moments and kills descendants at those in `moments` (numbers graded)."""

    programs: int
    older: float
    moments: list[int]
    chance: random.Random
    began: float = field(default_factory=time.monotonic)
    graded: int = 0
    resident: dict[int, int] = field(default_factory=dict)
    killed: list[str] = field(default_factory=list)

    def __call__(self, sign: Sign | None, pid: int) -> None:
        """See `run`: a sign of life of the process `pid`, or None while there is none."""
        if sign is not None:
            self.graded = sign["graded"]
            point = self.graded * POINTS // self.programs
            if point and point not in self.resident:
                self.resident[point] = sign["resident_kib"]
                others = descendants(pid)
                print(
                    f"grade_samples {100 * point // POINTS} %: {self.graded} graded, {self.seconds():.0f} s,"
                    f" {sign['resident_kib'] / 1024:.1f} MiB, {sign['files']} open files,"
                    f" descendants: {len(others)} with {sum(map(memory, others)) / MIB:.1f} MiB",
                    flush=True,
                )
        if self.moments and self.graded >= self.moments[0]:
            time.sleep(self.chance.uniform(0.0, 0.05))
            victims = [one for one in sorted(descendants(pid)) if age(one) >= self.older]
            if victims and (said := kill(self.chance.choice(victims), pid)):
                self.moments.pop(0)
                self.killed.append(said)
                print(f"killed after {self.graded} graded: {said}", flush=True)

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--older", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--endless", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.programs < len(problems()):
        parser.error(f"--programs must be {len(problems())} or more: a task is graded whole")
    chance = random.Random(given.seed)
    rows = programs(given.programs, given.endless, chance)
    moments = sorted(chance.sample(range(given.programs // 100, given.programs * 95 // 100), given.kills))
    watcher = Watcher(given.programs, given.older, moments, chance)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        theirs = folder / "tmp"
        theirs.mkdir()
        os.environ["TMPDIR"] = str(theirs)
        file, out = folder / "samples.jsonl", folder / "grades.jsonl"
        write_samples(file, [(task, text) for task, text, _ in rows])
        try:
            call = run("benchcore", file, out, "watched", watch=watcher, wake=0.05, patience=PATIENCE)
        except Stuck as error:
            print(f"FAILED: after {watcher.graded} of {given.programs} graded, {error}")
            return 1
        faults = check(out, rows)
        folders = len(os.listdir(theirs))
    rate = given.programs / call.seconds
    print(f"grade_samples: {given.programs} programs in {call.seconds:.1f} s, {rate:.4g} samples/s")
    first, last = watcher.resident.get(POINTS // 5), watcher.resident.get(POINTS)
    if first is not None and last is not None:
        each = 1024 * (last - first) / (given.programs * (1 - 1 / 5))
        print(f"memory from 20 % to 100 %: {(last - first) / 1024:+.1f} MiB, {each:+.0f} bytes a program")
    for line in faults[:SHOWN]:
        print(f"FAILED: {line}")
    if watcher.moments:
        print(f"FAILED: only {len(watcher.killed)} of {given.kills} kills found a process to kill")
    if given.kills:
        print(f"killed: {len(watcher.killed)} processes")
    print(f"left behind: {call.left} processes, {folders} files in the folder for temporary ones")
    print(f"not as they must be: {len(faults)} of {given.programs}")
    return int(bool(faults or call.left or folders or watcher.moments))


def programs(number: int, endless: int, chance: random.Random) -> list[Row]:
    """`number` programs, the tasks in turn, so that each has nearly as many trials."""
    known = problems()
    names = list(known)
    rows = []
    middle = (number - endless) // 2
    for at in range(number):
        task = names[at % len(names)]
        reference = known[task]["canonical_solution"]
        if middle <= at < middle + endless:
            rows.append((task, ENDLESS, "timeout"))
        elif text := drawn(chance):
            rows.append((task, text, "fail"))
        else:
            rows.append((task, LOUD * (chance.random() < LOUD_SHARE) + reference, "pass"))
    return rows


def drawn(chance: random.Random) -> str:
    """A completion that fails, or an empty string for one that does not."""
    [text] = chance.choices(
        [text for _, text in FAILING] + [""], [share for share, _ in FAILING] + [1 - sum(share for share, _ in FAILING)]
    )
    return text


def check(out: Path, rows: list[Row]) -> list[str]:
    """What is lost, doubled or not as expected, a line each."""
    trials: Counter[str] = Counter()
    expected = {}
    for task, _, verdict in rows:
        expected[task, trials[task]] = verdict
        trials[task] += 1
    faults, seen = [], set()
    with out.open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            key = row["id"], row["trial"]
            found = RATHER.get(row["verdict"], row["verdict"])
            if key in seen or key not in expected:
                faults.append(f"{key[0]} trial {key[1]}: {'doubled' if key in seen else 'not in the file'}")
            elif found != expected[key]:
                faults.append(f"{key[0]} trial {key[1]}: {found}, expected {expected[key]}: {row['reason']}")
            seen.add(key)
    return faults + [f"{task} trial {trial}: lost" for task, trial in sorted(expected.keys() - seen)]


def kill(victim: int, root: int) -> str:
    """Kill one descendant of `root` and say which; an empty string if it was gone, whoever has its number now."""
    try:
        held = os.pidfd_open(victim)
    except OSError:
        return ""
    try:
        parents = descendants(root)
        if victim not in parents:
            return ""
        rank = "a parent" if victim in parents.values() else "a leaf"
        said = f"process {victim}, {rank}, {age(victim):.2f} s old, {command(victim)}"
        signal.pidfd_send_signal(held, signal.SIGKILL)
        return said
    except ProcessLookupError:
        return ""
    finally:
        os.close(held)


def age(pid: int) -> float:
    """Seconds since it started; 0 if it is gone."""
    with suppress(OSError):
        ticks = int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return 0.0


def command(pid: int) -> str:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        return " ".join(words)[:80]
    return ""


def memory(pid: int) -> int:
    """Resident bytes; 0 if it is gone."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


if __name__ == "__main__":
    sys.exit(main())
