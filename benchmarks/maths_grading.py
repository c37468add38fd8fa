"""How often is a short answer graded right, and how fast? `value` against math-verify and lm-eval's two MATH graders.

    BENCHCORE_DATA=DIR python benchmarks/maths_grading.py [--rounds 3] [--pairs 1500] [--peer-pairs 150] [--seed 0]

The labelled pairs are those of tests/graders/pairs; what a grader leaves undecided counts as "not equal". math-verify
gets the gold as `$gold$` and the answer as `\\boxed{answer}` or `$answer$`, with its own settings and time limits;
lm-eval's graders get both through their own normalisation. lm-eval and sympy insist on antlr 4.11 where math-verify is
pinned to 4.13; the tables of the one are read by the other, so here both are told that theirs is installed (the
verdicts on the labelled pairs were the same under 4.11.1).

Speed is pairs a CPU second in this process, in interleaved rounds, each with pairs of its own, so that nothing a grader
keeps of one round helps it in the next. The pairs are made of the golds of GSM8K and MATH, since outputs of real
models are not at hand, in the shares that such outputs had (kinds of pairs and their shares are in `GSM8K` and `MATH`):
"other number" is the number of another problem, "other formula" the gold of another problem of the same subject,
"rewritten" the gold in other notation, "garbage" a gold that breaks off, or prose.

Start-up is measured in fresh interpreters, without the interpreter's own start. Exits 1 when a bound is not kept.
"""

import argparse
import contextlib
import gzip
import importlib.metadata
import io
import json
import logging
import os
import random
import re
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from benchcore.graders.algebra import Relation, compare

PAIRS = Path(__file__).parent.parent / "tests/graders/pairs"
ACCURACY, PRECISION, UNDECIDED = 0.985, 0.998, 0.02
RATES = {"GSM8K": (20_000, 20), "MATH": (10_000, 60)}  # pairs a CPU second, or as often as math-verify's
START_SECONDS, START_MEGABYTES = 0.06, 25

Grader = Callable[[str, str], bool]
Kinds = Mapping[str, float]
GSM8K: Kinds = {"identical": 0.50, "reformatted": 0.02, "other number": 0.464, "rewritten": 0.015, "garbage": 0.001}
MATH: Kinds = {
    "identical": 0.29,
    "spaced": 0.02,
    "other number": 0.34,
    "other formula": 0.165,
    "rewritten": 0.165,
    "garbage": 0.02,
}
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")

FIRST_VERDICT = {
    "bare interpreter": "",
    "benchcore": "from benchcore.graders.algebra import compare; compare('2x+2', '2(x+1)')",
    "math-verify": "from math_verify import parse, verify; verify(parse('$2x+2$'), parse('$2(x+1)$'))",
}
START = """
import sys, time
start = time.process_time()
{code}
seconds = time.process_time() - start
with open("/proc/self/status") as status:
    [peak] = [line.split()[1] for line in status if line.startswith("VmHWM")]
print(seconds, int(peak) / 1024, "sympy" in sys.modules)
"""
WHOLE_SET = """
import json
from benchcore.graders.algebra import compare
for gold, answer in json.loads(sys.stdin.read()):
    compare(gold, answer)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A gold with its subject."""

    gold: str
    subject: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=1500, help="of each data set in a round, for benchcore")
    parser.add_argument("--peer-pairs", type=int, default=150, help="the first of them, for the other graders")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    graders = {
        "benchcore value": lambda gold, answer: compare(gold, answer).relation is Relation.EQUAL,
        "math-verify, boxed": math_verify("\\boxed{{{}}}"),
        "math-verify, $..$": math_verify("${}$"),
        "lm-eval minerva": minerva(),
        "lm-eval hendrycks": hendrycks(),
    }
    sets = {"GSM8K": (gsm8k(), GSM8K), "MATH": (maths(), MATH)}
    kept = [
        agreement(graders),
        speed(graders, sets, given.rounds, (given.pairs, given.peer_pairs), given.seed),
        undecided(sets["MATH"], given.pairs, given.seed),
        start_up(given.rounds),
    ]
    return int(not all(kept))


def math_verify(wrapping: str) -> Grader:
    from math_verify import parse, verify

    return lambda gold, answer: bool(verify(parse(f"${gold}$"), parse(wrapping.format(answer))))


def minerva() -> Grader:
    version = importlib.metadata.version
    told = {"antlr4-python3-runtime": "4.11.1"}
    with mock.patch("importlib.metadata.version", lambda name: told.get(name) or version(name)), quiet():
        from lm_eval.tasks.minerva_math.utils import is_equiv, normalize_final_answer

        assert is_equiv("\\frac{1}{2}", "0.5")  # sympy asks for the version at the first formula

    def grade(gold: str, answer: str) -> bool:
        with quiet():
            return bool(is_equiv(normalize_final_answer(answer), normalize_final_answer(gold)))

    return grade


def hendrycks() -> Grader:
    from lm_eval.tasks.hendrycks_math.utils import is_equiv

    return lambda gold, answer: bool(is_equiv(answer, gold))


def quiet() -> contextlib.redirect_stdout:
    """Without antlr's complaint about its version at each formula."""
    return contextlib.redirect_stdout(io.StringIO())


def agreement(graders: Mapping[str, Grader]) -> bool:
    """Print how far each grader agrees with the labels; whether benchcore does as far as it must."""
    halves = {half: list(labelled(half)) for half in ("dev", "held_out")}
    halves["both"] = [*halves["dev"], *halves["held_out"]]
    equal = sum(label for *_, label in halves["both"])
    print(f"{len(halves['both'])} labelled pairs, {equal} of them equal; undecided counts as not equal")
    print(f"{'grader':20}{'half':>10}{'accuracy':>10}{'precision':>11}{'recall':>8}{'fp':>5}{'fn':>5}{'CPU s':>8}")
    kept = True
    for name, grade in graders.items():
        start = time.process_time()
        found = {(gold, answer): grade(gold, answer) for gold, answer, _ in halves["both"]}
        seconds = time.process_time() - start
        for half, pairs in halves.items():
            counts = Counter((found[gold, answer], label) for gold, answer, label in pairs)
            right, false_positives, false_negatives = counts[True, True], counts[True, False], counts[False, True]
            accuracy = 1 - (false_positives + false_negatives) / len(pairs)
            precision = right / (right + false_positives)
            recall = right / (right + false_negatives)
            spent = f"{seconds:8.2f}" if half == "both" else ""
            print(
                f"{name:20}{half:>10}{accuracy:10.4f}{precision:11.4f}{recall:8.4f}"
                f"{false_positives:5}{false_negatives:5}{spent}"
            )
            if name == "benchcore value":
                kept &= accuracy >= ACCURACY and precision >= PRECISION
    return kept


def labelled(half: str) -> Iterator[tuple[str, str, bool]]:
    for file in sorted(PAIRS.glob(f"{half}_*.py")):
        for rows in runpy.run_path(str(file))["PAIRS"].values():
            yield from (row[:3] for row in rows)


def speed(
    graders: Mapping[str, Grader],
    sets: Mapping[str, tuple[Sequence[Problem], Kinds]],
    rounds: int,
    numbers: tuple[int, int],
    seed: int,
) -> bool:
    """Print pairs a CPU second; whether benchcore is fast enough, by itself or against math-verify."""
    kept = True
    peers = [name for name in graders if name not in ("benchcore value", "math-verify, $..$")]
    for data, (problems, kinds) in sets.items():
        rates: dict[str, list[float]] = {name: [] for name in ("benchcore value", *peers)}
        for turn in range(rounds):
            pairs = list(made(problems, kinds, numbers[0], random.Random(f"{data} {seed} {turn}")))
            for name, measured in rates.items():
                some = pairs if name == "benchcore value" else pairs[: numbers[1]]
                start = time.process_time()
                for gold, answer in some:
                    graders[name](gold, answer)
                measured.append(len(some) / (time.process_time() - start))
        print(f"\n{data}-like pairs, a CPU second ({rounds} rounds):")
        for name, measured in rates.items():
            print(f"{name:20}{spread(measured)}")
        ratios = [a / b for a, b in zip(rates["benchcore value"], rates["math-verify, boxed"], strict=True)]
        print(f"benchcore / math-verify: {spread(ratios)}")
        fast, times = RATES[data]
        kept &= statistics.median(rates["benchcore value"]) >= fast or statistics.median(ratios) >= times
    return kept


def undecided(data: tuple[Sequence[Problem], Kinds], number: int, seed: int) -> bool:
    """Print how many MATH-like pairs are left undecided; whether these are few enough."""
    pairs = list(made(*data, number, random.Random(f"undecided {seed}")))
    found = [compare(*pair).relation for pair in pairs]
    share = found.count(Relation.UNDECIDED) / len(found)
    print(f"\nundecided of {len(found)} MATH-like pairs: {share:.2%}")
    return share <= UNDECIDED


def start_up(rounds: int) -> bool:
    """Print what import and first verdict take in a fresh interpreter; whether benchcore's take little enough."""
    print("\nimport and first verdict in a fresh interpreter:")
    kept = True
    with tempfile.TemporaryDirectory() as compiled:
        for name, code in FIRST_VERDICT.items():
            fresh(code, compiled)  # compiles benchcore's modules, as installing it does
            runs = [fresh(code, compiled) for _ in range(rounds)]
            seconds, megabytes = (statistics.median(values) for values in list(zip(*runs, strict=True))[:2])
            loaded = any(run[2] for run in runs)
            print(f"{name:20}{seconds:.3f} CPU s, peak {megabytes:.1f} MB, sympy {'' if loaded else 'not '}imported")
            if name == "benchcore":
                kept = seconds <= START_SECONDS and megabytes <= START_MEGABYTES and not loaded
        pairs = [(gold, answer) for half in ("dev", "held_out") for gold, answer, _ in labelled(half)]
        _, megabytes, _ = fresh(WHOLE_SET, compiled, json.dumps(pairs))
    print(f"{'benchcore':20}peak {megabytes:.1f} MB after all labelled pairs")
    return kept


def fresh(code: str, compiled: str, given: str = "") -> tuple[float, float, bool]:
    """CPU seconds of `code` in a fresh interpreter, its peak memory in MB, and whether it imported sympy.

    benchcore's bytecode is kept in `compiled`; other packages have theirs where they are installed.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if "benchcore" in code:
        environment["PYTHONPYCACHEPREFIX"] = compiled
    command = [sys.executable, "-c", START.format(code=code)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, input=given, env=environment)
    seconds, megabytes, loaded = done.stdout.split()
    return float(seconds), float(megabytes), loaded == "True"


def gsm8k() -> list[Problem]:
    lines = data("gsm8k/test.jsonl").read_text(encoding="utf-8").splitlines()
    golds = (json.loads(line)["answer"].rsplit("####", 1)[-1].strip() for line in lines)
    return [Problem(gold=gold, subject="GSM8K") for gold in golds]


def maths() -> list[Problem]:
    rows = map(json.loads, gzip.decompress(data("math/test.jsonl.gz").read_bytes()).splitlines())
    return [Problem(gold=row["answer"], subject=row["type"]) for row in rows]


def data(name: str) -> Path:
    if not (folder := os.environ.get("BENCHCORE_DATA")):
        sys.exit("BENCHCORE_DATA does not name a folder with the data sets")
    return Path(folder, name)


def made(problems: Sequence[Problem], kinds: Kinds, number: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    """`number` pairs (gold, answer) with the shares of `kinds`, in any order."""
    drawn = [kind for kind, share in kinds.items() for _ in range(round(share * number))]
    chance.shuffle(drawn)
    plain = [problem for problem in problems if NUMBER.fullmatch(problem.gold)]
    formulas = [problem for problem in problems if not NUMBER.fullmatch(problem.gold)]
    for kind in drawn:
        among = {"other number": plain, "spaced": formulas, "other formula": formulas}.get(kind, problems)
        problem = chance.choice(among)
        others = [other.gold for other in chance.sample(among, 40) if other.subject == problem.subject]
        yield problem.gold, answered(problem.gold, kind, others or [problem.gold], chance)


def answered(gold: str, kind: str, others: Sequence[str], chance: random.Random) -> str:
    match kind:
        case "identical":
            return gold
        case "other number" | "other formula":
            return chance.choice(others)
        case "reformatted":
            return chance.choice([f"{gold}.00", f"\\${gold}", gold.replace(",", "") + ".0"])
        case "spaced":
            return re.sub(r"([-+,=])", r" \1 ", gold).replace("\\frac", "\\dfrac")
        case "garbage":
            broken = [gold + "^{", f"\\frac{{{gold}", gold + "\\", f"it is not {gold}", "as shown above", "{}{}"]
            return chance.choice(broken)
        case _:
            return chance.choice(list(rewritten(gold)))


def rewritten(gold: str) -> Iterable[str]:
    """`gold` in other notations of the same value; at least in one."""
    if NUMBER.fullmatch(gold):
        return [f"x = {gold}", f"{gold} \\text{{ units}}", f"\\frac{{{gold}}}{{1}}", f"{gold} + 0", f"{gold} dollars"]
    forms = [f"\\left({gold}\\right)" if "," not in gold and "=" not in gold else f"${gold}$", f"\\boxed{{{gold}}}"]
    if found := re.fullmatch(r"(-?)\\d?frac\{([0-9]+)\}\{([0-9]+)\}", gold):
        sign, over, under = found.groups()
        forms += [f"{sign}{over}/{under}", f"{sign}\\frac{{{2 * int(over)}}}{{{2 * int(under)}}}"]
    if "\\sqrt{" in gold:
        forms.append(re.sub(r"\\sqrt\{([0-9]+)\}", r"\1^{1/2}", gold))
    if re.fullmatch(r"[-+ 0-9a-z^]+", gold):
        forms.append(" + ".join(reversed(re.sub(r"(?<=.)-", "+-", gold.replace(" ", "")).split("+"))))
    return forms


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.4g} (from {min(values):.4g} to {max(values):.4g})"


if __name__ == "__main__":
    sys.exit(main())
