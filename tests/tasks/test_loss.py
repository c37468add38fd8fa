"""Tasks that score: held-out loss of one's own texts and of WikiText-2, and MMLU by likelihood."""

import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from benchcore import EvalConfig, Figure, RunRecord, Sample, Score, Scoring, check_tasks, evaluate, load_task
from benchcore.errors import ConfigError, DataError
from benchcore.testing import CannedEngine

TASK_FILE = '''"""Loss of three sources."""

from pathlib import Path

from benchcore import Task, bits_per_byte, document, loss, nats_per_token, texts

TASK = Task(
    version=1,
    rows=texts(Path(__file__).parent / "held_out.jsonl", text_field="body", group_field="source"),
    sample=document,
    grader=loss(),
    metrics=(bits_per_byte(), nats_per_token()),
)
'''


def two_bits_a_byte(request: Scoring) -> tuple[Score, ...]:
    """Scores of a model that needs two bits for every byte, and makes a token of every two."""
    sizes = [len(text.encode()) for text in request.continuations]
    return tuple(Score(logprob=-2 * math.log(2) * size, tokens=-(-size // 2), greedy=False) for size in sizes)


def figures(record: RunRecord) -> dict[tuple[str, str | None], Figure]:
    return {(one.name, one.group): one for one in record.tasks[0].figures}


@pytest.fixture
def measure(stub_checkpoint: Callable[..., Path], at_home: Path) -> Callable[..., RunRecord]:
    def run(task: str, data: Path | None = None) -> RunRecord:
        checkpoint = stub_checkpoint(where=str(len(list(at_home.glob("*")))))
        config = EvalConfig(tasks=(task,), data=data, out=at_home / f"runs-{len(list(at_home.glob('*')))}")
        return evaluate([str(checkpoint)], config, engine=CannedEngine(two_bits_a_byte)).records[0]

    return run


def test_the_loss_of_a_file_that_data_names(measure: Callable[..., RunRecord], tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    path.write_text("".join(json.dumps({"text": "ab" * (at + 1)}) + "\n" for at in range(4)))
    record = measure("loss", path)
    assert record.complete and record.tasks[0].verdicts == {"measured": 4}
    bits, nats = figures(record)["bits per byte", None], figures(record)["nats per token", None]
    assert (bits.value, bits.n, bits.method) == (pytest.approx(2), 4, "jackknife 95 %")
    assert nats.value == pytest.approx(4 * math.log(2))


def test_a_plain_text_is_one_document_and_has_no_interval(measure: Callable[..., RunRecord], tmp_path: Path) -> None:
    path = tmp_path / "my.txt"
    path.write_text("one text\n\nof two paragraphs\n")
    bits = figures(measure("loss", path))["bits per byte", None]
    assert (bits.value, bits.n, bits.low, bits.method) == (pytest.approx(2), 1, None, "one document, no interval")


def test_the_files_of_a_folder_are_groups(measure: Callable[..., RunRecord], tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "web.txt").write_text("web")
    (folder / "code.txt").write_text("code")
    record = measure("loss", folder)
    assert [(one.name, one.group, one.n) for one in record.tasks[0].figures] == [
        ("bits per byte", None, 2), ("bits per byte", "code", 1), ("bits per byte", "web", 1),
        ("nats per token", None, 2), ("nats per token", "code", 1), ("nats per token", "web", 1),
    ]  # fmt: skip


def test_a_task_file_names_file_field_and_group(measure: Callable[..., RunRecord], tmp_path: Path) -> None:
    rows = [{"body": "one", "source": "web"}, {"body": "two", "source": "books"}, {"body": "3", "source": "web"}]
    (tmp_path / "held_out.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = tmp_path / "held_out.py"
    path.write_text(TASK_FILE)
    found = figures(measure(str(path)))
    assert [found["bits per byte", group].n for group in (None, "web", "books")] == [3, 2, 1]
    (check,) = check_tasks([str(path)])
    assert check.passed and check.samples == 3


def test_the_check_of_loss_passes_with_data_and_says_what_is_missing_without(tmp_path: Path, at_home: Path) -> None:
    path = tmp_path / "my.jsonl"
    path.write_text('{"text": "x"}\n{"text": "y"}\n')
    (check,) = check_tasks(["loss"], data=path)
    assert check.passed and (check.samples, check.grader) == (2, "loss@1")
    (check,) = check_tasks(["loss"])
    assert not check.passed and "pass --data FILE" in str(check.trouble)


@pytest.mark.data
def test_the_data_folder_itself_holds_no_texts(data_dir: Path) -> None:
    with pytest.raises(DataError, match="no texts in"):
        load_task("loss").samples(data_dir)


@pytest.mark.data
def test_wikitext2_is_cut_into_its_articles_and_nothing_is_lost(data_dir: Path) -> None:
    samples, _ = load_task("wikitext2").samples(data_dir)
    texts = [sample.continuations[0] for sample in samples]
    with gzip.open(data_dir / "corpora/wikitext2/test.txt.gz") as stream:
        assert "".join(texts).encode() == stream.read()
    assert len(samples) == 60  # as Merity et al. count them
    assert [text.split(" \n")[0] for text in texts[1:4]] == [
        " = Du Fu =", " = Kiss You ( One Direction song ) =", " = <unk> @-@ class battleship =",
    ]  # fmt: skip
    assert all(sample.prompt == "" and sample.target == "" for sample in samples)


@pytest.mark.data
def test_mmlu_by_likelihood_has_the_items_of_the_task_and_letters_to_choose_from(data_dir: Path) -> None:
    samples, _ = load_task("mmlu_stem@likelihood").samples(data_dir)
    others, _ = load_task("mmlu_stem").samples(data_dir)

    def item(sample: Sample) -> tuple[str, str, str | None]:
        return sample.id, sample.target.strip(), sample.group

    assert [item(sample) for sample in samples] == [item(sample) for sample in others]
    assert {sample.continuations for sample in samples} == {(" A", " B", " C", " D")}
    (check,) = check_tasks(["mmlu_stem@likelihood"], data=data_dir)
    assert check.passed and check.samples == 3018


@pytest.mark.data
def test_mmlu_by_likelihood_asks_what_lm_eval_asks_by_default(data_dir: Path) -> None:
    lm_eval = pytest.importorskip("lm_eval")
    datasets = pytest.importorskip("datasets")
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.tasks._yaml_loader import load_yaml

    rows = [json.loads(line) for line in (data_dir / "mmlu_stem/test.jsonl").read_text().splitlines()]
    samples, _ = load_task("mmlu_stem@likelihood").samples(data_dir)
    for subject in dict.fromkeys(row["type"] for row in rows):
        some = [(sample, row) for sample, row in zip(samples, rows, strict=True) if row["type"] == subject][:20]
        config = load_yaml(Path(lm_eval.__file__).parent / f"tasks/mmlu/default/mmlu_{subject}.yaml")
        assert "num_fewshot" not in config
        for name in ("tag", "fewshot_split", "fewshot_config"):  # no shots are shown
            config.pop(name)
        split = datasets.Dataset.from_list([row for _, row in some])
        task = ConfigurableTask(config={**config, "custom_dataset": lambda split=split, **_: {"test": split}})
        task.build_all_requests()
        theirs = [instance.args for instance in task.instances]
        assert theirs == [(sample.prompt, text) for sample, _ in some for text in sample.continuations], subject
        targets = [int(task.doc_to_target(doc)) for doc in split]
        assert [sample.continuations.index(sample.target) for sample, _ in some] == targets


@pytest.mark.parametrize("name", ["loss", "wikitext2", "mmlu_stem@likelihood"])
def test_a_task_that_scores_has_nothing_to_decode(name: str) -> None:
    task = load_task(name)
    assert task.decode is None and task.trials == 1
    with pytest.raises(ConfigError, match="temperature means nothing where likelihoods are asked for"):
        task.override(temperature=1.0)
