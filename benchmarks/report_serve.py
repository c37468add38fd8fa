"""How long `benchcore report --serve` takes to answer where there are many samples, and how much memory at most.

    python benchmarks/report_serve.py [--samples 100000] [--seconds 5]

Makes two run folders of one task with random texts, each prompt behind the same 2,400 characters, and asks a server of
them for its page, lists and samples over HTTP, as the page does. Prints the seconds of each and the peak memory of
this process, in which the server runs; exits 1 when an answer took longer than `--seconds`.
"""

import argparse
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from benchcore.api.reporting import serve
from benchcore.config import ReportConfig
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
from benchcore.store import Store

TASK = "sums"
SHOTS = 60 * "A worked example of some forty characters. "[:40]
SETTINGS = {"version": 1, "data": "random", "max_tokens": 512}
ASKED = {
    "the page": "",
    "the first list": "samples?" + urlencode({"task": TASK, "b": 1}),
    "another page of it": "samples?" + urlencode({"task": TASK, "b": 1, "start": 50_000}),
    "only b is right": "samples?" + urlencode({"task": TASK, "b": 1, "show": "b"}),
    "a search": "samples?" + urlencode({"task": TASK, "b": 1, "q": "0.1234"}),
    "one sample": "sample?" + urlencode({"task": TASK, "index": 7}),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        for number in range(2):
            # in a process of its own, whose memory is not counted
            maker = multiprocessing.Process(target=make, args=(Path(where) / f"run-{number}", number, given.samples))
            maker.start()
            maker.join()
        size = sum(file.stat().st_size for file in Path(where).rglob("run.db"))
        print(f"2 runs of {given.samples:,} samples, {size / 2**20:,.0f} MiB of journals")
        with serve([where], ReportConfig(baseline=f"{where}/run-0", serve=True, port=0)) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                slowest = max(timed(name, server.address + path) for name, path in ASKED.items())
            finally:
                server.shutdown()
                thread.join()
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    return int(slowest > given.seconds)


def timed(name: str, address: str) -> float:
    """Seconds of one answer; prints them with what it came to."""
    started = time.perf_counter()
    with urllib.request.urlopen(address) as answer:
        body = answer.read()
    seconds = time.perf_counter() - started
    total = f", {json.loads(body)['total']:,} samples" if "samples?" in address else ""
    print(f"{name}: {seconds:.2f} s, {len(body):,} bytes{total}")
    return seconds


def make(folder: Path, number: int, count: int) -> None:
    """A complete run folder in which half of the texts and a little more are right."""
    luck = random.Random(number)
    same = random.Random(0)
    samples = [
        Sample(id=f"q{at}", prompt=f"{SHOTS}\n\nWhat is {same.random()} + {same.random()}?", target=f"{same.random()}")
        for at in range(count)
    ]
    with Store(folder) as store:
        store.adopt({"weights": str(number), "engine": "embedded"}, {TASK: SETTINGS}, place={"path": f"/{number}"})
        decode = Decode(max_tokens=512)
        store.register(
            samples,
            [
                Generation(key=f"k{at}", task=TASK, sample=one.id, trial=0, prompt=one.prompt, decode=decode, seed=0)
                for at, one in enumerate(samples)
            ],
        )
        rights = []
        for at in range(count):
            right = luck.random() < 0.5 + 0.1 * number
            rights.append(float(right))
            text = " ".join(str(luck.random()) for _ in range(20))
            store.add_completion(
                Completion(request=f"k{at}", text=text, finish=Finish.STOP, tokens_in=1, tokens_out=1, seconds=0.0)
            )
            verdict = Verdict.RIGHT if right else Verdict.WRONG
            store.add_grade(Grade(request=f"k{at}", value=float(right), verdict=verdict, grader="g@1", extracted="1"))
        figure = Figure(name="accuracy", value=sum(rights) / count, n=count, low=None, high=None, method="none")
        record = TaskRecord(
            task=TASK, version=1, data="random", grader="g@1", settings=SETTINGS, isolation={}, requests=count,
            completions=count, faults=0, graded=count, verdicts={"right": int(sum(rights))}, truncated=0, empty=0,
            near_ties=None, tokens_in=count, tokens_out=count, figures=(figure,),
        )  # fmt: skip
        items = tuple(digest(one.id)[:16] for one in samples)
        store.close_task(record, Outcomes(items=items, figures={"accuracy": tuple((one, 1.0) for one in rights)}))
        store.write_record(
            RunRecord(
                run=folder.name,
                checkpoint=f"/{number}",
                series=None,
                step=None,
                tokens=None,
                model_digest=str(number),
                engine={"family": "embedded"},
                versions={},
                tasks=(record,),
                complete=True,
            )
        )


if __name__ == "__main__":
    sys.exit(main())
