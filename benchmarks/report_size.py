"""How large a report page is, how long `benchcore report` takes to write it, and how soon a browser shows it.

    BENCHCORE_DATA=DIR python benchmarks/report_size.py [--tasks 10] [--problems 1319] [--keep DIR]

Makes two run folders of `--tasks` tasks. Problems are those of GSM8K behind five worked examples; an answer is the
reference solution, shortened and with numbers changed where the run gets it wrong, so that the texts compress as those
of a model do. Then `benchcore report` writes the page in a process of its own, three times. Prints bytes, seconds and,
with selenium and Chromium, the first contentful paint and the seconds until a task's samples are on the screen. Exits
1 over 5 MB or 3 seconds.
"""

import argparse
import importlib.util
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchcore.records import (
    Completion,
    Decode,
    Figure,
    Finish,
    Generation,
    Grade,
    Outcomes,
    RunRecord,
    Sample,
    TaskRecord,
    Verdict,
    digest,
)
from benchcore.stats.intervals import wilson
from benchcore.store import Store

MOST_BYTES = 5_000_000
MOST_SECONDS = 3.0
SHOTS = 5
RIGHT = {"base": 0.45, "new": 0.5}  # shares of the problems
METRICS = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=10)
    parser.add_argument("--problems", type=int, default=1319)
    parser.add_argument("--keep", type=Path, help="keep the run folders and the page here")
    given = parser.parse_args()
    data = Path(os.environ.get("BENCHCORE_DATA", "")) / "gsm8k"
    if not data.is_dir():
        raise SystemExit("set BENCHCORE_DATA to a folder that has gsm8k/test.jsonl and gsm8k/train.jsonl")
    shots = "\n\n".join(map(_worked, _rows(data / "train.jsonl")[:SHOTS]))
    rows = _rows(data / "test.jsonl")[: given.problems]
    with tempfile.TemporaryDirectory() as where:
        out = given.keep or Path(where)
        for name in RIGHT:
            make(out / name, shots, rows, given.tasks)
        words = [str(out / "new"), "--baseline", str(out / "base"), "--out", str(out / "report.html")]
        slowest = max(timed([sys.executable, "-m", "benchcore", "report", *words]) for _ in range(3))
        size = (out / "report.html").stat().st_size
        print(f"2 runs x {given.tasks} tasks x {len(rows):,} samples: {size:,} bytes, at most {slowest:.2f} s")
        painted(out / "report.html")
    return int(size > MOST_BYTES or slowest > MOST_SECONDS)


def timed(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def painted(page: Path) -> None:
    """Open `page` in headless Chromium, three times; print when it is first painted and when its samples are read."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver or importlib.util.find_spec("selenium") is None:
        print("no Chromium, chromedriver or selenium: first paint not measured")
        return
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.support.wait import WebDriverWait

    options = ChromeOptions()
    options.binary_location = browser
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"):
        options.add_argument(flag)
    for _ in range(3):
        with Chrome(options=options, service=Service(driver)) as chrome:
            chrome.get(page.resolve().as_uri())
            paint = WebDriverWait(chrome, 30).until(lambda one: one.execute_script(METRICS))
            started = time.perf_counter()
            chrome.execute_script("document.getElementById('samples').scrollIntoView({behavior: 'instant'})")
            WebDriverWait(chrome, 30, 0.02).until(lambda one: one.find_elements("css selector", "#answers .text"))
            print(f"first contentful paint {paint / 1000:.2f} s; samples {time.perf_counter() - started:.2f} s later")


def make(folder: Path, shots: str, rows: Sequence[Mapping[str, str]], tasks: int) -> None:
    """A complete run folder whose samples, completions and grades are all there."""
    settings: dict[str, Any] = {"version": 1, "data": "gsm8k", "temperature": 0.0, "max_tokens": 512}
    names = [f"task-{task:02}" for task in range(tasks)]
    records = []
    with Store(folder) as store:
        store.adopt({"weights": folder.name}, dict.fromkeys(names, settings), place={"path": f"/models/{folder.name}"})
        store.use_engine({"family": "embedded", "dtype": "float32"})
        for name in names:
            records.append(_fill(store, name, folder.name, shots, rows, settings))
        store.write_record(
            RunRecord(
                run=folder.name, checkpoint=f"/models/{folder.name}", series=None, step=None, tokens=None,
                model_digest=digest(folder.name), engine={"family": "embedded", "dtype": "float32"},
                versions={"benchcore": "0"}, tasks=tuple(records), complete=True,
            )
        )  # fmt: skip


def _fill(
    store: Store, task: str, run: str, shots: str, rows: Sequence[Mapping[str, str]], settings: Mapping[str, Any]
) -> TaskRecord:
    easy, luck = random.Random(task), random.Random(f"{task} {run}")
    samples = [
        Sample(id=str(at), prompt=f"{shots}\n\nQuestion: {row['question']}\nAnswer:", target=_last(row))
        for at, row in enumerate(rows)
    ]
    decode = Decode(max_tokens=512)
    requests = [
        Generation(
            key=digest(task, one.id), task=task, sample=one.id, trial=0, prompt=one.prompt, decode=decode, seed=0
        )
        for one in samples
    ]
    store.register(samples, requests)
    right = []
    for request, sample, row in zip(requests, samples, rows, strict=True):
        hard = easy.random()
        right.append(luck.random() < RIGHT[run] if luck.random() < 0.3 else hard < RIGHT[run])
        text = _solution(row) if right[-1] else _spoilt(_solution(row), luck)
        read = text.rpartition(" ")[2]
        store.add_completion(
            Completion(
                request=request.key,
                text=text,
                finish=Finish.STOP,
                tokens_in=700,
                tokens_out=len(text) // 4,
                seconds=0.1,
            )
        )
        store.add_grade(
            Grade(
                request=request.key, value=float(right[-1]), verdict=Verdict.RIGHT if right[-1] else Verdict.WRONG,
                grader="numbers@1", extracted=read, rule="after ####",
                reason="" if right[-1] else f"{read} is not {sample.target}",
            )
        )  # fmt: skip
    n, hits = len(rows), sum(right)
    low, high = wilson(hits, n)
    figure = Figure(name="accuracy", value=hits / n, n=n, low=low, high=high, method="Wilson 95 %")
    record = TaskRecord(
        task=task, version=1, data="gsm8k", grader="numbers@1", settings=settings, isolation={}, requests=n,
        completions=n, faults=0, graded=n, verdicts={"right": hits, "wrong": n - hits}, truncated=0, empty=0,
        near_ties=None, tokens_in=n, tokens_out=n, figures=(figure,),
    )  # fmt: skip
    items = tuple(digest(task, sample.id) for sample in samples)
    store.close_task(record, Outcomes(items=items, figures={"accuracy": tuple((float(one), 1.0) for one in right)}))
    return record


def _rows(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _worked(row: Mapping[str, str]) -> str:
    return f"Question: {row['question']}\nAnswer: {_solution(row)}"


def _solution(row: Mapping[str, str]) -> str:
    return re.sub(r"<<.*?>>", "", row["answer"])


def _last(row: Mapping[str, str]) -> str:
    return row["answer"].rpartition(" ")[2]


def _spoilt(solution: str, luck: random.Random) -> str:
    """`solution` without one of its lines, and with another number in every second place."""
    lines = solution.split("\n")
    if len(lines) > 2:
        lines.pop(luck.randrange(len(lines) - 1))

    def changed(found: re.Match[str]) -> str:
        return found[0] if luck.random() < 0.5 else str(luck.randint(1, 999))

    text = re.sub(r"\d+", changed, "\n".join(lines))
    return f"{text.rpartition(' ')[0]} {luck.randint(1, 9999)}"


if __name__ == "__main__":
    sys.exit(main())
