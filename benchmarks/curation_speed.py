"""MB of text a second of the commands of `benchcore data` on one core, and of dedup against bare datasketch.

    python benchmarks/curation_speed.py [--rounds 5] [--model 1m] [--labelled 1000]

The corpus is the functions of this interpreter's standard library. Bare datasketch reads the same file and makes, asks
and fills the same index, of n-grams as texts that it hashes itself, or of the numbers that benchcore makes of them; it
writes nothing. The rounds are interleaved, in CPU time. The model's weights are random and fixed: its speed is that of
a trained one.
"""

import argparse
import statistics
import sysconfig
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import datasketch
import numpy as np
import torch

from benchcore.api.curation import decontaminate, dedup, functions, keep_good, label
from benchcore.config.curation import DecontaminateConfig, DedupConfig, FilterConfig, FunctionsConfig, LabelConfig
from benchcore.curation import ngrams
from benchcore.curation.duplicates import Duplicates
from benchcore.curation.embeddings import Embedder
from benchcore.curation.sources import entries
from benchcore.data.source import numbered_rows
from benchcore.trainers.model import SHAPES, fresh
from benchcore.trainers.tokenizer import train_bpe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default="1m", choices=list(SHAPES))
    parser.add_argument("--labelled", type=int, default=1000)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sources = [str(path) for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))]
        corpus = folder / "functions.jsonl"
        functions(sources, FunctionsConfig(out=corpus))
        texts = [row["text"] for _, row in numbered_rows(corpus)]
        size = sum(len(text.encode()) for text in texts) / 1e6
        print(f"{len(texts):,} functions of {size:.2f} MB, one core")
        compare(corpus, folder, size, given.rounds)
        memory(corpus, len(texts))
        rest(corpus, texts, folder, given.model, given.labelled)


def compare(corpus: Path, folder: Path, size: float, rounds: int) -> None:
    """Dedup and bare datasketch in turns."""
    config = DedupConfig(out=folder / "first.jsonl")
    arms: dict[str, Callable[[int], object]] = {
        "benchcore data dedup": lambda number: dedup([str(corpus)], DedupConfig(out=folder / f"round{number}.jsonl")),
        "bare datasketch, n-grams as texts": lambda number: bare(corpus, config, as_texts=True),
        "bare datasketch, n-grams as numbers": lambda number: bare(corpus, config, as_texts=False),
    }
    taken: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(rounds + 1):
        for name, arm in arms.items():
            started = time.process_time()
            arm(number)
            if number:  # the first round warms up
                taken[name].append(time.process_time() - started)
    ours = taken["benchcore data dedup"]
    for name, seconds in taken.items():
        ratio = statistics.median(other / own for other, own in zip(seconds, ours, strict=True))
        print(f"{name:36} {size / statistics.median(seconds):6.2f} MB/s; dedup is {ratio:.2f} x as fast")


def bare(corpus: Path, config: DedupConfig, *, as_texts: bool) -> int:
    """How many documents are left by datasketch alone, used as its manual has it."""
    index = datasketch.MinHashLSH(threshold=config.threshold, num_perm=config.permutations)
    kept = 0
    for number, row in numbered_rows(corpus):
        if as_texts:
            words = ngrams.words(row["text"])
            runs = {" ".join(words[at : at + config.ngram]) for at in range(max(1, len(words) - config.ngram + 1))}
            signature = datasketch.MinHash(num_perm=config.permutations)
            signature.update_batch([run.encode() for run in runs])
        else:
            found = np.unique(ngrams.of_words(row["text"], config.ngram) >> np.uint64(32)).astype(np.uint32)
            signature = datasketch.MinHash(num_perm=config.permutations, hashfunc=int)
            signature.update_batch(found.tolist())
        if not index.query(signature):
            index.insert(str(number), signature)
            kept += 1
    return kept


def memory(corpus: Path, documents: int) -> None:
    """What the index of dedup takes for each document that it keeps."""
    index = Duplicates(threshold=0.8, permutations=128, ngram=5, unit="words", name="kept")
    index.begin(iter(()))
    tracemalloc.start()
    kept = sum(one.keep for entry in entries([corpus], "text") for one in index.decide([entry]))
    print(f"{'index of dedup':36} {tracemalloc.get_traced_memory()[0] / kept:,.0f} bytes of memory a kept document")
    tracemalloc.stop()


def rest(corpus: Path, texts: list[str], folder: Path, shape: str, labelled: int) -> None:
    """Each other command once, by its own manifest, and the two parts of scoring apart."""
    tokenizer = train_bpe(iter(texts), 4096)
    model = folder / "model"
    fresh(SHAPES[shape], vocabulary=len(tokenizer), context=512, end=tokenizer.eos_token_id, seed=0).save_pretrained(
        model
    )
    tokenizer.save_pretrained(model)
    source, labels = [str(corpus)], folder / "labels.jsonl"
    sample = folder / "sample.jsonl"
    made = [
        label(source, LabelConfig(out=labels)),
        decontaminate(source, DecontaminateConfig(out=folder / "clean.jsonl", against=("humaneval",))),
    ]
    label(source, LabelConfig(out=sample, share=min(1.0, labelled / len(texts))))
    made.append(
        keep_good(source, FilterConfig(out=folder / "good.jsonl", labels=sample, model=str(model), threshold=0.5))
    )
    for one in made:
        speed = one.tally.bytes / 1e6 / one.tally.seconds
        print(f"{'benchcore data ' + one.command:36} {speed:6.2f} MB/s, with all that it makes ready")
    embed = Embedder(model, tokens=512)
    vectors = [embed(texts[:1])]
    size, started = 0, time.process_time()
    for at in range(0, min(len(texts), 4 * 256), 256):
        vectors.append(embed(texts[at : at + 256]))
        size += sum(len(text.encode()) for text in texts[at : at + 256])
    print(f"{'embedding, ' + shape:36} {size / 1e6 / (time.process_time() - started):6.2f} MB/s")
    forest_speed(np.concatenate(vectors[1:]), size)


def forest_speed(vectors: "np.ndarray", size: int) -> None:
    from sklearn.ensemble import RandomForestClassifier

    draw = np.random.default_rng(0)
    forest = RandomForestClassifier(n_estimators=300, random_state=0).fit(vectors, draw.random(len(vectors)) < 0.3)
    started = time.process_time()
    for at in range(0, len(vectors), 256):
        forest.predict_proba(vectors[at : at + 256])
    print(f"{'forest of 300 trees':36} {size / 1e6 / (time.process_time() - started):6.2f} MB/s")


if __name__ == "__main__":
    main()
