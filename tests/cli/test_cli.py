"""The command line: exit codes, one sentence for every mistake, one JSON document where it is asked for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchcore import Request
from benchcore.cli import main
from benchcore.records import Fault
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
Said = tuple[int, str, str]

pytestmark = pytest.mark.usefixtures("at_home")


def correct(request: Request) -> str:
    return str(int(request.sample.removeprefix("s")) + 1)


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch) -> CannedEngine:
    """The engine that every name of one means in this test."""
    engine = CannedEngine(correct)
    monkeypatch.setattr("benchcore.catalog.load_engine", lambda name: engine)
    return engine


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command in this process: exit code, standard output, standard error."""

    def run(*arguments: object) -> Said:
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return run


def document(out: str) -> Any:
    """The one JSON document that `out` is, with nothing before or after it."""
    assert out[0] in "[{"
    return json.loads(out)


SENTENCES = [
    (["eval", "m", "--tasks", "humanevl"], "there is no task 'humanevl'; did you mean humaneval or humaneval_plus?"),
    (["eval", "m", "--tasks", "humaneval@instrct"], "no variant 'instrct'; did you mean instruct?"),
    (["eval", "m", "--tasks", "no/such.py"], "there is no task file no/such.py"),
    (["eval", "m"], "no task is given; pass --tasks"),
    (["eval", "--tasks", "skill_arithmetic"], "no checkpoint is given"),
    (["eval", "m", "--taskz", "humaneval"], "Unknown option: --taskz. Did you mean --tasks?"),
    (["eval", "m", "--tasks"], "--tasks requires an argument"),
    (["eval", "m", "--tasks", "skill_arithmetic", "--limit", "0"], "limit must be 1 or more, got 0"),
    (["eval", "m", "--tasks", "skill_arithmetic", "--limit", "many"], '--limit: unable to convert "many" into int'),
    (["eval", "m", "--tasks", "skill_arithmetic", "--trials", "-1"], "trials must be 1 or more, got -1"),
    (["eval", "m", "--tasks", "skill_arithmetic", "--trials", "2"], "2 trials at temperature 0"),
    (["eval", "m", "--tasks", "skill_arithmetic", "--batch-size", "0"], "batch_size must be 1 or more, got 0"),
    (["eval", "m", "--tasks", "skill_arithmetic", "--temperature", "-1"], "temperature must be 0 (greedy) or more"),
    (
        ["eval", "m", "--tasks", "skill_arithmetic", "--temperature", "nan"],
        "temperature must be a finite number, got nan",
    ),
    (
        ["eval", "m", "--tasks", "skill_arithmetic", "--temperature", "inf"],
        "temperature must be a finite number, got inf",
    ),
    (["eval", "m", "--tasks", "skill_arithmetic", "--top-p", "0"], "top_p must be in (0, 1], got 0.0"),
    (["eval", "m", "--tasks", "skill_arithmetic", "--engine", "foo"], '"foo" for --engine. Choose from: "auto"'),
    (["eval", "m", "--tasks", "skill_arithmetic", "--dtype", "int3"], 'Invalid value "int3" for --dtype'),
    (["eval", "m", "--tasks", "skill_arithmetic", "--data", "nowhere"], "the data folder nowhere does not exist"),
    (["eval", "m", "--tasks", "skill_arithmetic"], "there is no checkpoint at m; give a folder, or a hub id"),
    (["eval", ".", "--tasks", "skill_arithmetic"], ". is not a checkpoint: no config.json"),
    (["evl"], 'Unknown command "evl". Did you mean "eval"?'),
    (["grade"], "parameter WHAT requires an argument"),
    (["grade", "nowhere"], "there is no run folder or file nowhere"),
    (["grade", "."], ". is not a run folder: it has no config.toml"),
    (["tasks", "shw"], "unexpected argument 'shw'; did you mean show?"),
    (["tasks", "show", "gsm9k"], "there is no task 'gsm9k'; did you mean gsm8k?"),
    (["tasks", "show", "skill_arithmetic", "--limit", "0"], "limit must be 1 or more, got 0"),
    (["tasks", "check", "skill_arithmetic", "--limit", "-3"], "limit must be 1 or more, got -3"),
    (["tasks", "check", "gsm9k"], "there is no task 'gsm9k'"),
    (["runs", "nowhere"], "there is no folder nowhere"),
    (["doctor", "--data", "nowhere"], "the data folder nowhere does not exist"),
]


@pytest.mark.parametrize(("arguments", "sentence"), SENTENCES, ids=[" ".join(words) for words, _ in SENTENCES])
def test_a_mistake_is_one_sentence_and_exit_code_2(
    say: Callable[..., Said], arguments: list[str], sentence: str
) -> None:
    code, out, err = say(*arguments)
    assert code == 2 and out == ""
    assert err.startswith("benchcore: ") and err.count("\n") == 1
    assert sentence in err


def test_missing_data_offline_says_which_file_would_be_looked_for_where(
    say: Callable[..., Said], stub_checkpoint: Stub, tmp_path: Path
) -> None:
    code, out, err = say("eval", stub_checkpoint(), "--tasks", "gsm8k", "--data", tmp_path)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and f"{tmp_path}/gsm8k" in err and "--data" in err


def test_a_prompt_longer_than_the_context_is_refused_before_weights_load(
    say: Callable[..., Said], tiny_checkpoint: Path, tmp_path: Path, write_task: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    import transformers

    def never(*args: object, **kwargs: object) -> None:
        pytest.fail("weights were loaded")

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", never)
    folder = tmp_path / "short"
    folder.mkdir()
    for path in tiny_checkpoint.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "config.json").unlink()
    config = json.loads((tiny_checkpoint / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 5}))
    for more in ([], ["--dry-run"]):
        code, out, err = say("eval", folder, "--tasks", write_task(), "--engine", "embedded", *more)
        assert (code, out) == (2, "")
        last = err.splitlines()[-1]
        assert "sums, sample s0: the prompt is " in last and "but the checkpoint's context is 5" in last


def test_a_run_prints_its_table_and_exits_with_0(
    say: Callable[..., Said], stub_checkpoint: Stub, write_task: Write, canned: CannedEngine
) -> None:
    folder, path = stub_checkpoint(), write_task()
    code, out, err = say("eval", folder, "--tasks", path)
    assert code == 0 and "accuracy" in out and "100.0 %" in out
    assert "generating" in err and "8/8 answered" in err
    code, again, err = say("eval", folder, "--tasks", path)
    assert (code, again, err) == (0, out, "") and canned.entered == 1


def test_another_configuration_in_the_run_folder_exits_with_2(
    say: Callable[..., Said], stub_checkpoint: Stub, write_task: Write, canned: CannedEngine
) -> None:
    folder, path = stub_checkpoint(), write_task()
    say("eval", folder, "--tasks", path)
    code, out, err = say("eval", folder, "--tasks", path, "--limit", 3)
    assert (code, out) == (2, "")
    assert "sums limit is not set there and 3 now; use another --out" in err and err.count("\n") == 1


def test_a_run_with_a_fault_exits_with_3_and_shows_no_figure(
    say: Callable[..., Said], stub_checkpoint: Stub, write_task: Write, canned: CannedEngine
) -> None:
    canned.reply = lambda request: Fault(kind="lost", message="gone") if request.sample == "s1" else correct(request)
    folder, path = stub_checkpoint(), write_task()
    code, out, err = say("eval", folder, "--tasks", path)
    assert code == 3 and "incomplete" in out and "accuracy" not in out
    assert err.splitlines()[-1].startswith("benchcore: not complete: model: sums; run the same command again")
    assert say("grade", "runs/model")[0] == 3
    canned.reply = correct
    assert say("eval", folder, "--tasks", path)[0] == 0
    assert say("grade", "runs/model")[0] == 0


def test_an_output_that_cannot_be_written_exits_with_3(
    say: Callable[..., Said], stub_checkpoint: Stub, write_task: Write, canned: CannedEngine
) -> None:
    Path("file").write_text("")
    code, out, err = say("eval", stub_checkpoint(), "--tasks", write_task(), "--out", "file/runs")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "benchcore: cannot write to the run folder file/runs/model: Not a directory" in err.replace(
        "[Errno 20] ", ""
    )


def test_a_failed_oracle_check_exits_with_1(say: Callable[..., Said], write_task: Write) -> None:
    path = Path(write_task())
    assert say("tasks", "check", path)[0] == 0
    path.write_text(path.read_text().replace("return sample.target", "return '?'"))
    code, out, err = say("tasks", "check", path)
    assert code == 1 and "8 of 8 samples by" in out and "references not right: s0, s1, s2, s3, s4, ..." in out
    assert err == "benchcore: not proved: sums\n"


def test_every_command_prints_one_json_document_and_nothing_else(
    say: Callable[..., Said], stub_checkpoint: Stub, write_task: Write, canned: CannedEngine
) -> None:
    runs = stub_checkpoint("step-1", where="train").parent
    (stub_checkpoint("step-2", where="train") / "model.safetensors").unlink()
    path = Path(write_task())
    path.write_text("print('a task file that talks')\n" + path.read_text())
    samples = Path("samples.jsonl")
    samples.write_text("".join(json.dumps({"task_id": f"s{n}", "completion": f"{n + 1}"}) + "\n" for n in range(8)))

    code, out, _ = say("eval", runs, "--tasks", path, "--json")
    (record,) = document(out)["records"]
    assert code == 0 and record["complete"] and record["step"] == 1
    assert [one["path"].rsplit("/", 1)[1] for one in document(out)["skipped"]] == ["step-2"]
    assert document(say("grade", "runs/train-step-1", "--json")[1]) == record
    graded = document(say("grade", samples, "--task", path, "--json")[1])
    assert graded["record"]["figures"] == record["tasks"][0]["figures"] and graded["notes"] == []
    (run,) = document(say("runs", "--json")[1])
    assert run["run"] == "runs/train-step-1" and run["complete"] and run["tasks"] == ["sums"]
    shown = document(say("tasks", "show", path, "--limit", 2, "--json")[1])
    assert [one["id"] for one in shown] == ["s0", "s1"]
    assert shown[0].keys() >= {"id", "prompt", "stop", "max_tokens", "target"}
    (checked,) = document(say("tasks", "check", path, "--json")[1])
    assert checked["samples"] == 8 and checked["task"] == "sums"
    assert {"humaneval", "gsm8k"} <= {one["name"] for one in document(say("tasks", "--json")[1])}
    found = document(say("doctor", "--json")[1])
    assert found["engine"]["auto"] in ("embedded", "vllm") and found["isolation"] and found["data_folder"] is None


def test_a_dry_run_writes_nothing(
    say: Callable[..., Said], tiny_checkpoint: Path, write_task: Write, canned: CannedEngine, tmp_path: Path
) -> None:
    path = write_task()

    def everything() -> dict[str, tuple[int, int]]:
        found = (one for one in tmp_path.rglob("*") if "__pycache__" not in one.parts)
        return {str(one): (one.stat().st_size, one.stat().st_mtime_ns) for one in found}

    before = everything()
    code, out, _ = say("eval", tiny_checkpoint, "--tasks", path, "--dry-run", "--json")
    (task,) = document(out)["tasks"]
    assert code == 0 and (task["requests"], task["answered"]) == (8, 0)
    assert task["tokens_in"] > 8 and task["most_tokens_out"] == 8 * 8
    assert everything() == before
    assert say("eval", tiny_checkpoint, "--tasks", path, "--limit", 3)[0] == 0
    before = everything()
    code, out, _ = say("eval", tiny_checkpoint, "--tasks", path, "--limit", 3, "--dry-run")
    assert code == 0 and "Would ask the engine" in out
    assert everything() == before


def test_the_version_is_the_packages(say: Callable[..., Said]) -> None:
    import benchcore

    code, out, err = say("--version")
    assert (code, out.strip(), err) == (0, benchcore.__version__, "")
