"""The texts of reports/recipes/slm_maths.toml, as JSON Lines in a folder.

    BENCHCORE_DATA=DIR python benchmarks/maths_texts.py [texts/maths]

corpus.jsonl is WikiText-2's validation text with the problems and solutions of half of MATH's training set mixed in,
curated.jsonl GSM8K's training set and the other half of MATH's; maths.jsonl and wiki.jsonl are held out: problems of
both test sets, and WikiText-2's test text.
"""

import gzip
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

HELD_OUT = 40  # documents of each set


def main() -> None:
    data = Path(os.environ["BENCHCORE_DATA"])
    texts = Path(sys.argv[1] if len(sys.argv) > 1 else "texts/maths")
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
    for name, found in sets.items():
        lines = (json.dumps({"text": text}) + "\n" for text in found)
        (texts / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")


def rows(path: Path) -> Iterator[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def articles(path: Path) -> Iterator[str]:
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
    main()
