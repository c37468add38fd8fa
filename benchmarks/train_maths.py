"""A small model on encyclopaedia text, with maths as the reference corpus: CLM, SLM, and CLM from the reference model.

    BENCHCORE_DATA=DIR python benchmarks/train_maths.py --out runs/maths [--steps 300] [--arms clm,slm]

Writes the texts and a recipe into --out, trains its arms, and prints the table of `benchcore compare`. The corpus is
WikiText-2 (its validation text) with the solutions of half of MATH's training problems mixed in; the reference corpus
is GSM8K's and the other half of MATH's; held-out are WikiText-2's test text and GSM8K's and MATH's test problems. The
same command goes on where it stopped.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

RECIPE = """
title = "SLM with maths as its reference corpus: loss on held-out text"
seeds = [0]
baseline = "clm"

[all]
data = "{corpus}"
tokenizer = "bpe"
tokenizer_data = "{corpus},{curated}"
vocab_size = 4096
model = "10m"
context = 256
batch = 8
steps = {steps}
lr = 1e-3
looks = 10
checkpoints = 4

[all.heldout]
maths = "{maths}"
wiki = "{wiki}"

[arms.clm]

[arms.reference]
data = "{curated}"

[arms.slm]
method = "slm"
slm = {{ ratio = 0.6, reference = "arms.reference" }}

[arms.clm-from-reference]
model = "arms.reference"
"""
HELD_OUT = 40  # documents of each set


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--arms", default="clm,reference,slm,clm-from-reference")
    given = parser.parse_args()
    data = Path(os.environ["BENCHCORE_DATA"])
    texts = given.out / "texts"
    texts.mkdir(parents=True, exist_ok=True)
    solved = [f"{row['problem']}\n{row['solution']}" for row in rows(data / "math/train.jsonl.gz")]
    words = [f"{row['question']}\n{row['answer']}" for row in rows(data / "gsm8k/train.jsonl")]
    tests = [f"{row['question']}\n{row['answer']}" for row in rows(data / "gsm8k/test.jsonl")][:HELD_OUT]
    tests += [f"{row['problem']}\n{row['solution']}" for row in rows(data / "math/test.jsonl.gz")][:: 5000 // HELD_OUT]
    sets = {
        "corpus": [*articles(data / "corpora/wikitext2/valid.txt.gz"), *solved[::2]],
        "curated": [*words, *solved[1::2]],
        "maths": tests,
        "wiki": [*articles(data / "corpora/wikitext2/test.txt.gz")][:HELD_OUT],
    }
    places = {name: texts / f"{name}.jsonl" for name in sets}
    for name, found in sets.items():
        places[name].write_text("".join(json.dumps({"text": text}) + "\n" for text in found), encoding="utf-8")
    recipe = given.out / "recipe.toml"
    recipe.write_text(RECIPE.format(steps=given.steps, **places), encoding="utf-8")
    command = [sys.executable, "-m", "benchcore", "train", str(recipe), "--out", str(given.out), "--arms", given.arms]
    return subprocess.run(command).returncode


def rows(path: Path) -> Iterator[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def articles(path: Path) -> Iterable[str]:
    """Sections of WikiText, cut at headings."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        held: list[str] = []
        for line in stream:
            if line.startswith(" = ") and held and sum(map(len, held)) > 500:
                yield "".join(held)
                held = []
            held.append(line)
        yield "".join(held)


if __name__ == "__main__":
    sys.exit(main())
