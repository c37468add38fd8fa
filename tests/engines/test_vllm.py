"""Real vLLM: the embedded engine's text, transformers' likelihoods, other weights in the running engine."""

import json
import math
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchcore import Decode, EvalConfig
from benchcore.checkpoint import Checkpoint, find
from benchcore.engines.vllm import parts
from benchcore.engines.window import Window
from benchcore.errors import CheckpointError, ConfigError
from benchcore.records import Completion, Finish, Generation, Request, Score, Scoring

pytest.importorskip("vllm", reason="vLLM is not installed")
pytest.importorskip("gguf", reason="the demo checkpoint needs gguf")
pytestmark = pytest.mark.vllm

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CONTEXT = 128
STORY = "The farmer has twelve cows and sells five of them. How many cows are left? " * 9
CLOSE = {"rel": 1e-5, "abs": 1e-4}  # single precision on both sides


@pytest.fixture(scope="module")
def checkpoint() -> str:
    from benchcore.interop.smollm import convert

    return str(convert())


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=1200, check=False)


def evaluate(checkpoint: str, out: Path, *arguments: str) -> dict[str, Any]:
    command = ("-m", "benchcore", "eval", checkpoint, "--tasks", "skill_arithmetic", "--engine", "vllm", "--json")
    done = run(*command, "--out", str(out), *arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def texts(out: Path) -> dict[tuple[str, int], str]:
    [journal] = out.glob("*/run.db")
    with closing(sqlite3.connect(journal)) as db:
        rows = db.execute("SELECT sample, trial, text FROM completions JOIN requests ON key = request")
        return {(sample, trial): text for sample, trial, text in rows}


def test_auto_means_vllm_where_its_cpu_build_is_installed() -> None:
    done = run("-m", "benchcore", "doctor", "--json")
    assert json.loads(done.stdout)["engine"]["auto"] == "vllm"


def test_greedy_text_is_that_of_the_embedded_engine_but_for_near_ties() -> None:
    done = run(str(BENCHMARKS / "engines_agree.py"), "--humaneval", "64", "--arithmetic", "300", "--json")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert [one["requests"] for one in found] == [64, 300]
    assert all(one["identical"] >= 0.95 * one["requests"] and not one["unexplained"] for one in found)
    assert all(one["verdicts_differ"] == 0 for one in found)


def test_sampled_text_follows_from_the_request_whatever_else_is_in_the_batch(checkpoint: str, tmp_path: Path) -> None:
    sampling = ("--trials", "4", "--temperature", "0.8", "--top-p", "0.95")
    evaluate(checkpoint, tmp_path / "many", "--limit", "24", *sampling)
    evaluate(checkpoint, tmp_path / "few", "--limit", "5", *sampling)
    many, few = texts(tmp_path / "many"), texts(tmp_path / "few")
    assert len(few) == 20
    assert few == {key: text for key, text in many.items() if key in few}
    assert any(len({few[sample, trial] for trial in range(4)}) > 1 for sample, _ in few)


def test_a_finished_run_starts_no_engine_again(checkpoint: str, tmp_path: Path) -> None:
    first = evaluate(checkpoint, tmp_path, "--limit", "8")
    started = time.monotonic()
    second = evaluate(checkpoint, tmp_path, "--limit", "8")
    assert time.monotonic() - started < 20  # loading vLLM alone takes longer
    assert second["records"][0]["tasks"] == first["records"][0]["tasks"]
    assert first["records"][0]["engine"]["family"] == "vllm"


@pytest.fixture(scope="module")
def series(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Checkpoint]:
    """Three random GPT-2s, which have a table of positions and none beyond their context; the last is another size."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    folder = tmp_path_factory.mktemp("series")
    for step, heads in (1, 2), (2, 2), (3, 3):
        torch.manual_seed(step)
        place = folder / f"step-{step}"
        shutil.copytree(tiny_checkpoint, place, ignore=shutil.ignore_patterns("model*", "config.json", "generation*"))
        config = GPT2Config(
            vocab_size=320, n_positions=CONTEXT, n_embd=32 * heads, n_layer=2, n_head=heads,
            initializer_range=0.4, bos_token_id=0, eos_token_id=0, tie_word_embeddings=False,
        )  # fmt: skip
        GPT2LMHeadModel(config).save_pretrained(place)
    return find(str(folder))[0]


def scoring(key: str, prompt: str, *continuations: str) -> Scoring:
    return Scoring(key=key, task="t", sample=key, trial=0, prompt=prompt, continuations=continuations)


def generation(key: str, prompt: str) -> Generation:
    decode = Decode(max_tokens=12, temperature=0)
    return Generation(key=key, task="t", sample=key, trial=0, prompt=prompt, decode=decode, seed=1)


REQUESTS: list[Request] = [
    scoring("letters", STORY[:100] + "Answer:", " A", " B", " C", " D"),
    scoring("long", STORY[:100], " Seven cows are left on the farm.", " Seven cows are sold.", " Twelve."),
    scoring("alike", STORY[:50], STORY[50:120] + "no", STORY[50:120] + "yes"),
    scoring("whole", "", STORY, STORY[:40], "x"),
    scoring("again", "", STORY),
    scoring("nothing", "", "", "x"),
    *(generation(f"text {number}", STORY[number : number + 60]) for number in range(4)),
]


@pytest.fixture(scope="module")
def engine(series: list[Checkpoint]) -> Iterator[Any]:
    """Two copies, on one CPU, which vLLM does although a user may not ask for it."""
    from benchcore.engines.vllm.engine import VLLM

    made = VLLM(series[0], EvalConfig(data_parallel=2, memory_share=0.2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VLLM, "_check_devices", lambda self: None)
        made.check(REQUESTS)
    with made:
        yield made


def answers(engine: Any) -> dict[str, Completion]:
    return {one.request: one for one in engine.answer(REQUESTS, lambda tokens: None)}


class Truth:
    """What transformers makes of a checkpoint, one sequence at a time."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        self._window = Window(checkpoint, trust_remote_code=False)
        self._model = AutoModelForCausalLM.from_pretrained(checkpoint.path, dtype=torch.float32).eval()

    def _logprobs(self, tokens: tuple[int, ...]) -> Any:
        import torch

        with torch.inference_mode():
            return self._model(torch.tensor([tokens])).logits[0].log_softmax(-1)

    def scores(self, request: Scoring) -> list[Score]:
        found = []
        for stretches in self._window.stretches(request):
            total, count, greedy = 0.0, 0, True
            for stretch in stretches:
                if stretch.scored:
                    rows = self._logprobs(stretch.tokens[:-1])[-stretch.scored :]
                    wanted = stretch.tokens[-stretch.scored :]
                    total += math.fsum(float(row[token]) for row, token in zip(rows, wanted, strict=True))
                    greedy = greedy and rows.argmax(-1).tolist() == list(wanted)
                    count += stretch.scored
            found.append(Score(logprob=total, tokens=count, greedy=greedy))
        return found

    def text(self, request: Generation) -> str:
        tokens = list(self._window.encode(request.prompt))
        start = len(tokens)
        for _ in range(request.decode.max_tokens):
            tokens.append(int(self._logprobs(tuple(tokens))[-1].argmax()))
            if tokens[-1] == self._window.tokenizer.eos_token_id:
                break
        return str(self._window.tokenizer.decode(tokens[start:], skip_special_tokens=True))

    def agrees(self, found: dict[str, Completion]) -> None:
        """Fail unless `found` is what this model says to `REQUESTS`."""
        for request in REQUESTS:
            completion = found[request.key]
            if isinstance(request, Generation):
                # vLLM keeps back a character that is not complete when the text ends
                assert completion.text.rstrip("�") == self.text(request).rstrip("�"), request.key
                continue
            assert isinstance(request, Scoring)
            assert completion.finish is Finish.STOP
            for one, true in zip(completion.scores, self.scores(request), strict=True):
                assert one.logprob == pytest.approx(true.logprob, **CLOSE), request.key
                assert (one.tokens, one.greedy) == (true.tokens, true.greedy), request.key


def test_likelihoods_are_those_of_transformers_also_in_pieces_and_where_the_cache_knows_the_text(
    engine: Any, series: list[Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = Truth(series[0])
    for piece in (parts.PIECE, parts.PIECE, 40):
        monkeypatch.setattr(parts, "PIECE", piece)
        truth.agrees(answers(engine))


def test_the_likeliest_of_many_continuations_is_greedy(engine: Any, series: list[Checkpoint]) -> None:
    truth = Truth(series[0])
    characters = [chr(code) for code in range(33, 127)]
    asked = [scoring(str(at), STORY[at : at + 40] + ":", *characters) for at in range(12)]
    found = {one.request: one for one in engine.answer(asked, lambda tokens: None)}
    greedy = {request.key: [score.greedy for score in found[request.key].scores] for request in asked}
    assert greedy == {request.key: [score.greedy for score in truth.scores(request)] for request in asked}
    assert any(map(any, greedy.values()))


def test_other_weights_in_the_running_engine_answer_as_they_do_in_one_of_their_own(
    engine: Any, series: list[Checkpoint], tmp_path: Path
) -> None:
    before = answers(engine)
    assert engine.swap(series[1])
    Truth(series[1]).agrees(answers(engine))
    assert not engine.swap(series[2])
    lacking = tmp_path / "step-4"
    shutil.copytree(series[0].path, lacking)
    drop_a_tensor(lacking)
    assert not engine.swap(replace(series[0], path=lacking))
    assert engine.swap(series[0])
    assert {key: one.text for key, one in answers(engine).items()} == {key: one.text for key, one in before.items()}


def test_a_tied_output_layer_is_not_exchanged_on_a_cpu(series: list[Checkpoint], checkpoint: str) -> None:
    from benchcore.engines.vllm.engine import _reloadable

    assert _reloadable(series[0].path, cpu=True)
    assert not _reloadable(Path(checkpoint), cpu=True)
    assert _reloadable(Path(checkpoint), cpu=False)


def drop_a_tensor(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    tensors.pop(max(tensors))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize("setting", ["tensor_parallel", "data_parallel"])
def test_more_devices_than_there_are_is_said_before_weights_load(series: list[Checkpoint], setting: str) -> None:
    from benchcore.engines.vllm.engine import VLLM

    with pytest.raises(ConfigError, match="needs"):
        VLLM(series[0], EvalConfig(**{setting: 64})).check(REQUESTS)


def test_a_model_that_vllm_does_not_know_is_refused_in_a_sentence(series: list[Checkpoint], tmp_path: Path) -> None:
    from benchcore.engines.vllm.engine import VLLM

    folder = tmp_path / "step-5"
    shutil.copytree(series[0].path, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"architectures": ["Gpt9ForCausalLM"]}))
    with pytest.raises(CheckpointError, match=r"vLLM does not run .*Gpt9ForCausalLM") as caught:
        VLLM(replace(series[0], path=folder), EvalConfig()).check(REQUESTS)
    assert len(caught.value.message) < 600 and "\n" not in caught.value.message
