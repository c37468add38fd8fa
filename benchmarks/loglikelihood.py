"""Scoring continuations and whole texts: benchcore against lm-eval's `hf`, fp32, on SmolLM2-135M-Instruct.

    BENCHCORE_DATA=DIR python benchmarks/loglikelihood.py [--items 24] [--questions 48] [--shots 8] [--text 12000]

The same model object answers the same requests on both sides, in turn, slice by slice, with two threads:

    choices     `--items` passages of at least 300 tokens (classic_books), each with four continuations of 10-30
                tokens, one the true one
    one token   `--questions` of MMLU-STEM without examples, four letters to choose from
    five shots  `--shots` of them after five examples that all have in common
    whole text  articles of WikiText-2's test split, `--text` characters of them

lm-eval takes its batch sizes in turn; the ratio that counts is the one at its best. Prints, a row, the tokens of all
sequences, the ratios of wall time, that of processor time over all batch sizes (the steadier one on a machine that
others use), and the largest difference of values in nats; whole texts also as bits per byte. Exits 1 when the choices
are less than three times as fast, another row is slower by more than a tenth, or values differ by over 1e-4 (whole
texts: 1e-6 of the value).
"""

import argparse
import gzip
import json
import logging
import math
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch

from benchcore.checkpoint import find
from benchcore.engines.embedded.reader import Reader
from benchcore.engines.embedded.scoring import Scorer
from benchcore.engines.memory import budget
from benchcore.engines.window import Window
from benchcore.interop.smollm import convert
from benchcore.records import Completion, Scoring

SIZES = (8, 16, 32)
SLICE = 8
ENOUGH, LEVEL, SAME = 3.0, 0.9, 1e-4
CPU = torch.device("cpu")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=24)
    parser.add_argument("--questions", type=int, default=48)
    parser.add_argument("--shots", type=int, default=8)
    parser.add_argument("--text", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if not (folder := os.environ.get("BENCHCORE_DATA")):
        sys.exit("BENCHCORE_DATA does not name a folder with the data sets")
    torch.set_num_threads(2)
    sides = Sides()
    draw = random.Random(given.seed)
    rows = [
        ("choices", choices(Path(folder), sides.window.tokenizer, draw, given.items), SLICE, ENOUGH),
        ("one token", questions(Path(folder), draw, given.questions, 0), 2 * SLICE, LEVEL),
        ("five shots", questions(Path(folder), draw, given.shots, 5), SLICE, LEVEL),
        ("whole text", articles(Path(folder), given.text), 1, LEVEL),
    ]
    print(f"{'':12}requests  tokens   ratio at {', '.join(map(str, SIZES))}  processor   largest difference")
    return max([row(sides, *one) for one in rows if one[1]], default=0)


class Sides:
    """Both scorers of one model."""

    def __init__(self) -> None:
        from lm_eval.models.huggingface import HFLM
        from transformers import AutoModelForCausalLM

        logging.getLogger("lm_eval").setLevel(logging.ERROR)
        [checkpoint], _ = find(str(convert()))
        self.window = Window(checkpoint, trust_remote_code=False)
        self.model = AutoModelForCausalLM.from_pretrained(checkpoint.path, dtype=torch.float32).eval()
        self.scorer = Scorer(Reader(self.model, CPU, self.window.last + 1), self.window, CPU, budget=budget(CPU, None))
        self.peer = HFLM(pretrained=self.model, tokenizer=self.window.tokenizer, device="cpu")

    def ours(self, requests: list[Scoring]) -> list[Completion]:
        """benchcore's answers."""
        found = {one.request: one for one in self.scorer.answer(requests, lambda tokens: None)}
        return [found[request.key] for request in requests]

    def theirs(self, requests: list[Scoring], size: int) -> list[list[tuple[float, bool | None]]]:
        """lm-eval's value of each continuation, and whether it is greedy where lm-eval says so."""
        from lm_eval.api.instance import Instance

        self.peer.batch_size_per_gpu = size
        kind = "loglikelihood" if requests[0].prompt else "loglikelihood_rolling"
        pairs = [(request.prompt, text) for request in requests for text in request.continuations]
        asked = [Instance(kind, {}, pair if pair[0] else pair[1:], at) for at, pair in enumerate(pairs)]
        found = iter(getattr(self.peer, kind)(asked, disable_tqdm=True))
        return [
            [one if isinstance(one, tuple) else (one, None) for one in islice(found, len(request.continuations))]
            for request in requests
        ]


def row(sides: Sides, name: str, requests: list[Scoring], step: int, enough: float) -> int:
    """Measure and print one row; 1 when it falls short."""
    spent: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    processor = [0.0, 0.0]
    worst, flags, values, tokens = 0.0, 0, [0.0, 0.0], 0
    for number, start in enumerate(range(0, len(requests), step)):
        part, size = requests[start : start + step], SIZES[number % len(SIZES)]
        clock, work = time.perf_counter(), time.process_time()
        ours = sides.ours(part)
        clock_between, work_between = time.perf_counter(), time.process_time()
        theirs = sides.theirs(part, size)
        spent[size][0] += clock_between - clock
        spent[size][1] += time.perf_counter() - clock_between
        processor[0] += work_between - work
        processor[1] += time.process_time() - work_between
        for request, one, two in zip(part, ours, theirs, strict=True):
            tokens += sum(len(each.tokens) - 1 for found in sides.window.stretches(request) for each in found)
            for score, (value, greedy) in zip(one.scores, two, strict=True):
                scale = 1.0 if request.prompt else abs(value) / 100
                worst = max(worst, abs(score.logprob - value) / scale)
                flags += greedy is not None and greedy != score.greedy
                values = [values[0] + score.logprob, values[1] + value]
    ratios = {size: spent[size][1] / spent[size][0] for size in SIZES if size in spent}
    shown = ", ".join(f"{ratio:.2f}" for ratio in ratios.values())
    print(f"{name:12}{len(requests):8}{tokens:8}  {shown:>18}{processor[1] / processor[0]:11.2f}   {worst:.1e}", end="")
    if flags:
        print(f"  {flags} greedy flags differ", end="")
    if not requests[0].prompt:
        size = sum(len(text.encode()) for request in requests for text in request.continuations)
        ours, theirs = (-value / size / math.log(2) for value in values)
        print(f" of 100 nats; bits per byte {ours:.6f}, lm-eval {theirs:.6f}", end="")
    print(flush=True)
    return int(min(ratios.values()) < enough or worst > SAME)


def scoring(task: str, number: int, prompt: str, continuations: tuple[str, ...]) -> Scoring:
    return Scoring(
        key=f"{task}/{number}", task=task, sample=str(number), trial=0, prompt=prompt, continuations=continuations
    )


def choices(folder: Path, tokenizer, draw: random.Random, items: int) -> list[Scoring]:
    """Passages of 300-450 tokens with the words that follow them and those that follow three others."""
    with gzip.open(folder / "corpora/classic_books/books.jsonl.gz", "rt", encoding="utf-8") as lines:
        books = [json.loads(line)["text"].split() for line in islice(lines, 8)]

    def passage() -> tuple[str, str]:
        words = draw.choice(books)
        at = draw.randrange(len(words) - 500)
        length, more = draw.randrange(290, 330), draw.randrange(9, 22)
        return " ".join(words[at : at + length]), " " + " ".join(words[at + length : at + length + more])

    def usable() -> Iterator[tuple[str, str]]:
        while True:
            context, following = passage()
            if len(tokenizer(context)["input_ids"]) >= 300 and 10 <= len(tokenizer(following)["input_ids"]) <= 30:
                yield context, following

    passages = usable()
    found = []
    for number in range(items):
        context, true = next(passages)
        texts = [true, *(text for _, text in islice(passages, 3))]
        draw.shuffle(texts)
        found.append(scoring("choices", number, context, tuple(texts)))
    return found


def questions(folder: Path, draw: random.Random, count: int, shots: int) -> list[Scoring]:
    """MMLU-STEM as it is usually asked: the choices with letters, then "Answer:"."""
    with (folder / "mmlu_stem/test.jsonl").open(encoding="utf-8") as lines:
        rows = draw.sample([json.loads(line) for line in lines], count + shots)

    def ask(row) -> str:
        listed = "".join(f"\n{letter}. {text}" for letter, text in zip("ABCD", row["choices"], strict=True))
        return f"{row['question']}{listed}\nAnswer:"

    shown = "".join(f"{ask(row)} {letter(row)}\n\n" for row in rows[:shots])
    texts = tuple(f" {letter}" for letter in "ABCD")
    return [scoring(f"mmlu{shots}", number, shown + ask(row), texts) for number, row in enumerate(rows[shots:])]


def letter(row) -> str:
    answer = row["answer"]
    return "ABCD"[answer] if isinstance(answer, int) else str(answer)


def articles(folder: Path, most: int) -> list[Scoring]:
    """Articles of WikiText-2's test split, cut off after `most` characters in all."""
    with gzip.open(folder / "corpora/wikitext2/test.txt.gz", "rt", encoding="utf-8") as stream:
        text = stream.read(most)
    cuts, at = [], 0
    for line in text.splitlines(keepends=True):
        if line.startswith(" = ") and not line.startswith(" = ="):
            cuts.append(at)
        at += len(line)
    parts = [text[low:high] for low, high in zip(cuts, [*cuts[1:], len(text)], strict=True)]
    return [scoring("articles", number, "", (part,)) for number, part in enumerate(parts)]


if __name__ == "__main__":
    sys.exit(main())
