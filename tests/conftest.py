"""Fixtures of all tests: a tiny real checkpoint, stubs that no engine loads, task files, a command runner."""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import benchcore

# before anything imports torch or the hub's client, which read them as they load
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

TEXTS = (
    "What is 12 + 7? The answer is 19, and that is all there is to say.",
    "def total(xs):\n    return sum(xs)\n\nQ: What is 3 * 4?\nA: 12\n\n",
    "a model of two layers knows nothing, yet it must say the same thing every time it is asked",
)
CHAT = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TASK = '''"""{about}"""

from contextlib import contextmanager
from dataclasses import dataclass, replace

from benchcore import Decode, Grade, Message, Sample, Task, Verdict, accuracy, generated, pass_at


@dataclass(frozen=True)
class Same:
    """Right when the text is the target; `boom` in the text makes it raise."""

    name: str = "{grader}"

    @contextmanager
    def session(self, samples):
        yield self.grade

    def grade(self, sample, text):
        if "boom" in text:
            raise ArithmeticError("the grader tripped over " + text)
        right = text.strip() == sample.target
        verdict = Verdict.RIGHT if right else Verdict.WRONG
        return Grade(request="", value=float(right), verdict=verdict, grader=self.name, extracted=text.strip())

    def isolation(self):
        return {isolation}

    def reference(self, sample):
        return sample.target


def rows(seed):
    return [{{"number": number}} for number in range({samples})]


def sample(row):
    number = row["number"]
    return Sample(
        id=f"s{{number}}",
        prompt=f"{prompt}{{number}} + 1 =",
        target=str(number + 1),
        group={group},
    )


def chat(row):
    return replace(sample(row), prompt=(Message(role="user", content=sample(row).prompt),))


TASK = Task(
    version={version},
    rows=generated(rows, seed={seed}),
    sample=sample,
    decode=Decode(max_tokens={max_tokens}, temperature={temperature}, stop={stop!r}),
    grader=Same(),
    metrics=({metrics},),
    trials={trials},
)
VARIANTS = {{"instruct": replace(TASK, sample=chat)}}
'''


@pytest.fixture
def write_task(tmp_path: Path) -> Callable[..., str]:
    """Write a small task file and return its path; keywords change its parts."""

    def write(name: str = "sums", **changes: Any) -> str:
        parts: dict[str, Any] = {
            "about": "Sums, one more than a number.",
            "grader": "same@1",
            "isolation": {},
            "samples": 8,
            "prompt": "What is ",
            "group": "None",
            "version": 1,
            "seed": 0,
            "max_tokens": 8,
            "temperature": 0.0,
            "stop": ("\n",),
            "metrics": "accuracy()",
            "trials": 1,
        }
        assert changes.keys() <= parts.keys()
        path = tmp_path / "task-files" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(TASK.format(**{**parts, **changes}), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def stub_checkpoint(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder that passes for a checkpoint; `weights` are its only four bytes of them."""

    def make(
        name: str = "model", *, weights: bytes = b"\0\0\0\0", config: Mapping[str, Any] | None = None, where: str = ""
    ) -> Path:
        folder = tmp_path / "checkpoints" / where / name
        folder.mkdir(parents=True)
        header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
        (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + weights)
        (folder / "config.json").write_text(json.dumps({"max_position_embeddings": 512, **(config or {})}))
        (folder / "tokenizer.json").write_text("{}")
        return folder

    return make


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with a cache of one's own and no data folder."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("BENCHCORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("BENCHCORE_DATA", raising=False)
    return home


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment for child processes that import the very benchcore under test."""
    return {**os.environ, "PYTHONPATH": str(Path(benchcore.__file__).parent.parent)}


@pytest.fixture
def command(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `benchcore ARGUMENTS` in a process of its own."""

    def run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "benchcore", *map(str, arguments)]
        env = {**environment, **{name: os.environ[name] for name in ("BENCHCORE_CACHE",) if name in os.environ}}
        return subprocess.run(words, **{"capture_output": True, "text": True, "timeout": 120, "env": env, **options})

    return run


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random two-layer Llama with a byte-level tokenizer, a chat template and a context of 512 tokens."""
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("tiny") / "tiny-llama"
    special = ["<|eos|>", "<|end|>", "<|user|>", "<|assistant|>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|eos|>", chat_template=CHAT)
    fast.save_pretrained(folder)
    torch.manual_seed(20)
    config = transformers.LlamaConfig(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.6,  # wide enough that no two tokens are nearly as likely
        bos_token_id=None,
        eos_token_id=fast.eos_token_id,
        pad_token_id=None,
        tie_word_embeddings=False,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture
def data_dir() -> Path:
    """The folder with the data sets; the test is skipped where there is none."""
    if not (place := os.environ.get("BENCHCORE_DATA")):
        pytest.skip("BENCHCORE_DATA does not name a folder with the data sets")
    return Path(place)
