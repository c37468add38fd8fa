"""Is anything lost to kill -9? One run of the embedded engine, killed at random moments, against one left alone.

    python benchmarks/kill_resume.py [--kills 20] [--seed 0]

After each kill the journal is read: what was stored before must be there unchanged, and no request may be
answered twice. At the end figures and texts must be those of the run left alone. Exits 1 if not.
"""

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

from benchcore.interop.smollm import convert

LIMIT = 450
EARLY = 0.25  # share of the kills that come while the process is still loading


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    checkpoint = convert()
    with tempfile.TemporaryDirectory() as scratch:
        quiet, rough = Path(scratch) / "quiet", Path(scratch) / "rough"
        started = time.monotonic()
        start(checkpoint, quiet).wait()
        alone = time.monotonic() - started
        before: dict[str, tuple[int, str]] = {}
        done = 0
        for _ in range(given.kills):
            process = start(checkpoint, rough)
            if chance.random() < EARLY:
                time.sleep(chance.uniform(0.1, 3.0))
            else:
                while process.poll() is None and len(journal(rough)) <= len(before):
                    time.sleep(0.02)
                time.sleep(chance.uniform(0.0, alone / given.kills))
            process.kill()
            process.wait()
            now = journal(rough)
            if any(now.get(key) != kept for key, kept in before.items()):
                print("FAILED: a stored completion was lost or changed")
                return 1
            before = now
            done += process.returncode == -signal.SIGKILL
            print(f"killed with {len(now)} of {LIMIT} stored", flush=True)
        code = start(checkpoint, rough).wait()
        texts = [{key: text for key, (_, text) in journal(out).items()} for out in (quiet, rough)]
        figures = [
            json.loads(next(out.glob("*/run.json")).read_text())["tasks"][0]["figures"] for out in (quiet, rough)
        ]
    same_texts, same_figures = texts[0] == texts[1], figures[0] == figures[1]
    print(
        f"{done} runs killed, then exit {code}: {len(texts[1])} of {LIMIT} answered,"
        f" texts {'identical' if same_texts else 'DIFFER'}, figures {'identical' if same_figures else 'DIFFER'}"
    )
    return int(not (same_texts and same_figures and code == 0 and len(texts[1]) == LIMIT))


def start(checkpoint: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchcore", "eval", str(checkpoint), "--tasks", "skill_arithmetic"]
    settings = ["--limit", str(LIMIT), "--engine", "embedded", "--batch-size", "4", "--out", str(out)]
    return subprocess.Popen([*command, *settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def journal(out: Path) -> dict[str, tuple[int, str]]:
    """Request key -> (row of the journal, text); empty before there is a journal."""
    for path in out.glob("*/run.db"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db, suppress(sqlite3.OperationalError):
            return {key: (row, text) for row, key, text in db.execute("SELECT rowid, request, text FROM completions")}
    return {}


if __name__ == "__main__":
    sys.exit(main())
