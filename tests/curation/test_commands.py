"""The commands over files: what they keep, that they stream and go on, their manifests, and what they refuse."""

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchcore.api import curation
from benchcore.config.curation import DedupConfig, FilterConfig, FunctionsConfig, LabelConfig
from benchcore.curation import stage
from benchcore.curation.quality import AREAS, judged
from benchcore.curation.rules import complexity, free_names, judge
from benchcore.curation.sources import corpus_files
from benchcore.errors import BenchcoreError, ConfigError, DataError, MachineError, RunMismatch
from benchcore.trainers.model import SHAPES, fresh
from benchcore.trainers.tokenizer import train_bpe

GOOD = '''def total(values):
    """Add the values up, those below zero left out."""
    found = 0
    for value in values:
        if value >= 0:
            found += value
    return found
'''


def lines(file: Path) -> list[dict[str, Any]]:
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return [json.loads(row) for row in content.splitlines()]


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def words(number: int) -> str:
    draw = np.random.default_rng(number)
    return " ".join(f"w{word}" for word in draw.integers(5000, size=60))


# functions


def test_files_are_cut_into_functions_and_methods(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text(
        textwrap.dedent(
            '''\
            import os

            @cached
            def outer(x):
                """Says what."""
                def inner(): ...
                return inner

            class Box:
                size = 3

                def open(self):
                    return self.size
            '''
        )
    )
    (tmp_path / "src" / "b.py").write_text("x = 1\n")
    (tmp_path / "src" / "c.py").write_text("def broken(:\n")
    (tmp_path / "src" / "d.py").write_bytes(b"# coding: latin-1\ndef f():\n    return '\xe9'\n")
    made = curation.functions([str(tmp_path / "src")], FunctionsConfig(out=tmp_path / "out.jsonl"))
    rows = lines(tmp_path / "out.jsonl")
    assert [row["name"] for row in rows] == ["outer", "Box.open", "f"]
    assert rows[0]["text"].startswith('@cached\ndef outer(x):\n    """Says what.')
    assert rows[1]["text"] == "def open(self):\n    return self.size\n"
    assert "é" in rows[2]["text"]
    assert made.tally.dropped == {"no function": 1, "not Python": 1}


def test_the_standard_library_and_packages_are_sources() -> None:
    library, package = corpus_files(["python:stdlib"]), corpus_files(["python:json"])
    names = {path.name for path in library}
    assert {"ast.py", "dataclasses.py"} <= names
    assert not any("site-packages" in path.parts or "test" in path.parts for path in library)
    assert {path.name for path in package} >= {"decoder.py", "encoder.py"}
    for name in ("nowhere_to_be_found", "../etc", "sys"):
        with pytest.raises(ConfigError, match="no package"):
            corpus_files([f"python:{name}"])


# dedup


def test_the_first_of_the_same_and_of_nearly_the_same_is_kept(tmp_path: Path) -> None:
    near = words(1).split()
    near[30] = "another"
    rows = [
        {"text": words(1), "id": 1, "more": {"kept": [1, None]}},
        {"text": words(2), "id": 2},
        {"text": f"  {words(1)}\n", "id": 3},
        {"text": " ".join(near), "id": 4},
        {"text": words(3), "id": 5},
    ]
    out = tmp_path / "out.jsonl"
    made = curation.dedup([str(write(tmp_path / "in.jsonl", rows))], DedupConfig(out=out, threshold=0.7))
    assert lines(out) == [rows[0], rows[1], rows[4]], "other fields stay as they are"
    assert made.tally.dropped == {"the same text": 1, "nearly the same text": 1}
    dropped = lines(tmp_path / "out.removed.jsonl")
    assert [(one["reason"], one["like"]) for one in dropped] == [
        ("the same text", "out.jsonl:1"), ("nearly the same text", "out.jsonl:1"),
    ]  # fmt: skip
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_bytes())
    assert manifest["tally"]["documents"] == 5
    assert manifest["options"]["threshold"] == 0.7
    assert len(manifest["inputs"][0]["sha256"]) == 64
    assert [one["reason"] for one in manifest["tally"]["examples"]] == ["the same text", "nearly the same text"]


@pytest.mark.parametrize("unit", ["words", "characters"])
def test_pairs_above_the_threshold_are_found_and_pairs_far_below_are_kept(tmp_path: Path, unit: Any) -> None:
    rows = []
    for number in range(60):
        text = words(number).split()
        rows.append({"text": " ".join(text)})
        changed = [*text[:-2], "x", "y"] if number % 2 else [*text[:20], *words(number + 500).split()[20:]]
        rows.append({"text": " ".join(changed)})
    out = tmp_path / "out.jsonl"
    curation.dedup([str(write(tmp_path / "in.jsonl", rows))], DedupConfig(out=out, threshold=0.8, unit=unit))
    kept = lines(out)
    assert len(kept) == 90
    assert [row for row in rows[::2] if row not in kept] == []


# going on


def config(out: Path) -> DedupConfig:
    return DedupConfig(out=out)


def test_what_is_finished_is_not_made_again_and_another_question_is_refused(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in.jsonl", [{"text": words(1)}]), tmp_path / "out.jsonl"
    first = curation.dedup([str(source)], config(out))
    stamp = out.stat().st_mtime_ns
    assert curation.dedup([str(source)], config(out)) == first
    assert out.stat().st_mtime_ns == stamp
    with pytest.raises(RunMismatch, match=r"another ngram: 5 there and 3 now"):
        curation.dedup([str(source)], DedupConfig(out=out, ngram=3))
    write(source, [{"text": words(2)}])
    with pytest.raises(RunMismatch, match="another corpus"):
        curation.dedup([str(source)], config(out))


CHILD = """
import sys
from pathlib import Path
from benchcore.api import curation
from benchcore.config.curation import DedupConfig
from benchcore.curation import stage
stage.COMMIT = 0.02
curation.dedup([sys.argv[1]], DedupConfig(out=Path(sys.argv[2])))
"""


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_a_command_that_was_killed_goes_on_to_the_same_rows(tmp_path: Path, ending: str) -> None:
    rows = [{"text": words(number % 2500), "id": number} for number in range(3000)]
    source, out, whole = write(tmp_path / "in.jsonl", rows), tmp_path / f"out{ending}", tmp_path / "whole.jsonl"
    curation.dedup([str(source)], config(whole))
    journal = out.with_name(f"{out.name}.partial") / "journal.json"
    kills = 0
    for moment in (1, 600, 1400):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(source), str(out)])
        while child.poll() is None:
            try:
                if json.loads(journal.read_bytes())["tally"]["documents"] >= moment:
                    child.send_signal(signal.SIGKILL)
                    break
            except (OSError, ValueError):
                pass
            time.sleep(0.001)
        kills += child.wait() == -signal.SIGKILL
    assert kills >= 1
    made = curation.dedup([str(source)], config(out))
    assert lines(out) == lines(whole)
    assert made.tally.documents == 3000
    assert made.tally.dropped == {"the same text": 500}
    assert not out.with_name(f"{out.name}.partial").exists()
    assert len(lines(tmp_path / "out.removed.jsonl")) == 500


def test_memory_does_not_grow_with_the_text(tmp_path: Path) -> None:
    """Two corpora of as many documents, one of them fifteen times as large."""

    def peak(characters: int) -> int:
        source = tmp_path / f"{characters}.jsonl"
        with source.open("w") as file:
            for number in range(300):
                file.write(json.dumps({"text": f"{number} " + "abcdefg " * (characters // 8)}) + "\n")
        code = (
            "import resource, sys; from pathlib import Path; from benchcore.api import curation\n"
            "from benchcore.config.curation import LabelConfig\n"
            "curation.label([sys.argv[1]], LabelConfig(out=Path(sys.argv[2]), teacher='rules'))\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        made = subprocess.run(
            [sys.executable, "-c", code, str(source), str(tmp_path / f"out{characters}.jsonl")],
            capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        return int(made.stdout)

    small, large = peak(20_000), peak(300_000)
    assert resource.getpagesize() > 0
    assert large - small < 60_000, "kilobytes; the texts are 90 MB and 6 MB"


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in.jsonl", [{"text": words(1)}]), tmp_path / "out.jsonl"

    class Waiting:
        def begin(self, kept: Any) -> dict[str, Any]:
            with pytest.raises(MachineError, match="another process is writing"):
                stage.run(job, self)
            return {}

        def decide(self, batch: Any) -> list[Any]:
            return []

    job = stage.Job(command="x", version="1", sources=(str(source),), text_field="text", out=out, options={})
    stage.run(job, Waiting())


# refusals


@pytest.mark.parametrize(
    ("rows", "kind", "says"),
    [
        (None, ConfigError, "there is no corpus"),
        ([{"txt": "a"}], DataError, "no field 'text'"),
        ([{"text": 3}], DataError, "is not text but int"),
        ([], DataError, "there is no document"),
    ],
)
def test_a_corpus_that_cannot_be_read_is_refused(
    tmp_path: Path, rows: Any, kind: type[BenchcoreError], says: str
) -> None:
    source = tmp_path / "in.jsonl"
    if rows is not None:
        write(source, rows)
    with pytest.raises(kind, match=says):
        curation.dedup([str(source)], config(tmp_path / "out.jsonl"))
    assert not (tmp_path / "out.jsonl").exists()


def test_what_would_be_lost_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [{"text": "a"}])
    with pytest.raises(ConfigError, match="is read and would be written"):
        curation.dedup([str(source)], config(source))
    with pytest.raises(ConfigError, match="not a name for JSON Lines"):
        curation.dedup([str(source)], config(tmp_path / "out.txt"))
    (tmp_path / "mine.jsonl").write_text("{}\n")
    with pytest.raises(ConfigError, match="no manifest says what it is"):
        curation.dedup([str(source)], config(tmp_path / "mine.jsonl"))
    with pytest.raises(ConfigError, match="named twice"):
        curation.dedup([str(source), str(source)], config(tmp_path / "out.jsonl"))


# labels


def test_rules_are_those_that_stand_there() -> None:
    assert judge(GOOD) == (True, "all rules")
    assert judge(GOOD.replace('    """Add the values up, those below zero left out."""\n', ""))[1] == "no docstring"
    assert judge(GOOD.replace("value >= 0", "value >= limit"))[1] == "names from elsewhere"
    assert judge('def f(x):\n    """Says."""\n    y = x\n    return y\n')[1] == "no branch"
    assert judge('def f(x):\n    """Says."""\n    return x\n')[1] == "fewer than 4 lines"
    assert judge("x = 1")[1] == "not one function"
    assert judge(GOOD + "\n" * 3 + "    x = 1\n" * 40)[1] == "more than 40 lines"
    assert free_names("import os\ndef f(a):\n    return os, a, b, len\n") == {"b", "len"}
    tree = compile("def f(a):\n    return [b for b in a if b and a or 3] if a else 2\n", "", "exec", 0x400)
    assert complexity(tree) == 5


def test_labels_come_from_rules_and_files(tmp_path: Path) -> None:
    rows = [{"text": GOOD, "id": "a"}, {"text": "x = 1", "id": "b"}, {"text": "y = 2", "id": "c"}]
    source = write(tmp_path / "in.jsonl", rows)
    out = tmp_path / "rules.jsonl"
    curation.label([str(source)], LabelConfig(out=out, teacher="rules"))
    assert [(row["label"], row["labelled_by"]) for row in lines(out)] == [
        (True, "rules: all rules"), (False, "rules: not one function"), (False, "rules: not one function"),
    ]  # fmt: skip
    known = write(tmp_path / "known.jsonl", [{"id": "c", "label": 1}, {"id": "a", "label": False}])
    out = tmp_path / "file.jsonl"
    made = curation.label([str(source)], LabelConfig(out=out, teacher=f"file:{known}", id_field="id"))
    assert [(row["id"], row["label"]) for row in lines(out)] == [("a", False), ("c", True)]
    assert made.tally.dropped == {"no label": 1}
    write(known, [{"id": "c", "label": "yes"}])
    with pytest.raises(DataError, match="line 1: the label is 'yes'"):
        curation.label([str(source)], LabelConfig(out=tmp_path / "x.jsonl", teacher=f"file:{known}", id_field="id"))
    with pytest.raises(ConfigError, match="no teacher 'gpt'"):
        curation.label([str(source)], LabelConfig(out=tmp_path / "x.jsonl", teacher="gpt"))


def test_a_share_is_drawn_by_the_texts(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [{"text": words(number)} for number in range(400)])
    again = write(tmp_path / "again.jsonl", [{"text": words(number)} for number in reversed(range(400))])
    drawn = []
    for name, file in (("one", source), ("two", again)):
        out = tmp_path / f"{name}.jsonl"
        curation.label([str(file)], LabelConfig(out=out, share=0.25))
        drawn.append({row["text"] for row in lines(out)})
    assert drawn[0] == drawn[1]
    assert 60 < len(drawn[0]) < 140


# the filter


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of random weights, which tells texts apart by what is in them."""
    folder = tmp_path_factory.mktemp("model") / "frozen"
    tokenizer = train_bpe((words(number) for number in range(50)), 400)
    end = tokenizer.eos_token_id
    fresh(SHAPES["0.1m"], vocabulary=len(tokenizer), context=128, end=end, seed=0, spread=0.2).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def described(good: bool, number: int) -> str:
    draw = np.random.default_rng(number)
    own = "alpha beta gamma" if good else "delta omega kappa"
    return " ".join([words(number)[: 20 + number % 90], *draw.permutation(own.split())[: 1 + number % 3]])


def test_a_filter_keeps_what_is_like_the_good_ones_and_says_how_well(tmp_path: Path, model: Path) -> None:
    labelled = write(
        tmp_path / "labels.jsonl",
        [{"text": described(number % 3 == 0, number), "label": number % 3 == 0} for number in range(300)],
    )
    source = write(
        tmp_path / "in.jsonl",
        [{"text": described(number % 2 == 0, 1000 + number), "good": number % 2 == 0} for number in range(60)],
    )
    out = tmp_path / "out.jsonl"
    made = curation.keep_good(
        [str(source)], FilterConfig(out=out, labels=labelled, model=str(model), precision=0.8, trees=60)
    )
    kept, scored = lines(out), lines(tmp_path / "out.scored.jsonl")
    assert len(scored) == 60
    threshold = made.figures["threshold"]
    assert [row for row in scored if row["quality"] >= threshold] == kept
    assert sum(row["good"] for row in kept) / len(kept) > 0.7
    areas = made.figures[AREAS]
    for name in ("out of bag", "held out"):
        assert 0.7 < areas[name]["all"]["value"] <= 1
        parts = [one["n"] for key, one in areas[name].items() if key != "all"]
        assert sum(parts) == areas[name]["all"]["n"]
        assert len(parts) == 4
    assert areas["held out"]["all"]["n"] == 75
    assert made.figures["at the threshold, held out"]["precision"] >= 0.8
    with pytest.raises(RunMismatch, match="precision"):
        curation.keep_good(
            [str(source)], FilterConfig(out=out, labels=labelled, model=str(model), precision=0.7, trees=60)
        )


def test_areas_are_the_share_of_pairs_in_the_right_order() -> None:
    draw = np.random.default_rng(0)
    scores, good = draw.random(80).round(1), draw.random(80) < 0.4
    lengths = draw.integers(1, 100, 80)
    found = judged(scores, good, lengths, np.array([25.0, 50.0, 75.0]))

    def share(which: Any) -> float:
        pairs = [
            (one > other) + 0.5 * (one == other) for one in scores[which & good] for other in scores[which & ~good]
        ]
        return float(np.mean(pairs))

    assert found["all"]["value"] == pytest.approx(share(np.ones(80, bool)))
    assert found["up to 25 bytes"]["value"] == pytest.approx(share(lengths < 25))
    assert found["25 to 50"]["value"] == pytest.approx(share((lengths >= 25) & (lengths < 50)))
    assert found["longer"]["value"] == pytest.approx(share(lengths >= 75))
    assert found["all"]["low"] < found["all"]["value"] < found["all"]["high"]


def test_a_filter_without_enough_labels_is_refused(tmp_path: Path, model: Path) -> None:
    labelled = write(tmp_path / "labels.jsonl", [{"text": words(number), "label": number == 0} for number in range(30)])
    source = write(tmp_path / "in.jsonl", [{"text": words(1)}])
    with pytest.raises(DataError, match="1 documents that are good"):
        curation.keep_good(
            [str(source)], FilterConfig(out=tmp_path / "o.jsonl", labels=labelled, model=str(model), precision=0.9)
        )
    with pytest.raises(ConfigError, match="a precision or a threshold"):
        FilterConfig(out=tmp_path / "o.jsonl", labels=labelled, model=str(model))
