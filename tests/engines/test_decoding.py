"""What the embedded engine answers: the same in any batch, order and model, with whatever memory there is."""

import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from benchcore import Completion, Decode, EvalConfig
from benchcore.checkpoint import find
from benchcore.engines.embedded import lane as lanes
from benchcore.engines.embedded import rows as arrangement
from benchcore.engines.embedded.engine import Embedded
from benchcore.engines.embedded.sampling import TIE
from benchcore.errors import MachineError
from benchcore.records import Finish, Generation

SHOTS = "".join(f"Question: What is {n} + {n}?\nAnswer: {n + n}\n\n" for n in range(6))
LLAMA: dict[str, Any] = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "max_position_embeddings": 512, "num_key_value_heads": 2, "initializer_range": 0.6,
}  # fmt: skip
KINDS: dict[str, Any] = {
    "qwen2": (transformers.Qwen2Config, LLAMA),
    "gpt2": (transformers.GPT2Config, {"n_positions": 512, "n_embd": 32, "n_layer": 2, "n_head": 4}),
    "gemma2": (transformers.Gemma2Config, {**LLAMA, "head_dim": 8, "sliding_window": 24}),
    "mistral": (transformers.MistralConfig, {**LLAMA, "sliding_window": 24}),
    "bloom": (transformers.BloomConfig, {"hidden_size": 32, "n_layer": 2, "n_head": 4}),
    "neox": (transformers.GPTNeoXConfig, {name: LLAMA[name] for name in list(LLAMA)[:5]}),
}


def request(number: int, prompt: str, **decode: Any) -> Generation:
    return Generation(
        key=f"{number}", task="t", sample=f"{number}", trial=0, prompt=prompt, seed=number,
        decode=Decode(**{"max_tokens": 12, **decode}),
    )  # fmt: skip


def questions(count: int = 24, **decode: Any) -> list[Generation]:
    """Few-shot prompts of unlike lengths, a few without the shots, with limits of 3 to 14 tokens."""
    asked = []
    for number in range(count):
        prompt = f"Question: What is {'1' * (1 + number % 7)} + {number}?\nAnswer:"
        limit = 3 + 5 * number % 12
        shots = "" if number % 6 == 5 else SHOTS
        asked.append(request(number, shots + prompt, **{"max_tokens": limit, **decode}))
    return asked


@pytest.fixture
def engine(tiny_checkpoint: Path) -> Callable[..., Embedded]:
    def make(folder: Path = tiny_checkpoint, **settings: Any) -> Embedded:
        [checkpoint], _ = find(str(folder))
        return Embedded(checkpoint, EvalConfig(dtype="float32", **settings))

    return make


def ask(engine: Embedded, requests: Sequence[Generation]) -> dict[str, Completion]:
    """Every request's completion, each answered exactly once, with as many pulses as tokens."""
    engine.check(requests)
    fresh: list[int] = []
    with engine:
        answers = list(engine.answer(requests, fresh.append))
    assert sorted(one.request for one in answers) == sorted(one.key for one in requests)
    assert sum(fresh) == sum(one.tokens_out for one in answers)
    return {one.request: one for one in answers}


def texts(answers: dict[str, Completion]) -> dict[str, tuple[Any, ...]]:
    return {key: (one.text, one.finish, one.tokens_in, one.tokens_out) for key, one in answers.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_any_model_writes_what_transformers_generates(
    kind: str, tiny_checkpoint: Path, tmp_path: Path, engine: Callable[..., Embedded]
) -> None:
    folder = tmp_path / kind
    shutil.copytree(tiny_checkpoint, folder, ignore=shutil.ignore_patterns("model*", "config.json", "generation*"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(3)
    make, sizes = KINDS[kind]
    ends = {"eos_token_id": tokenizer.eos_token_id, "bos_token_id": None, "pad_token_id": None}
    config = make(vocab_size=len(tokenizer), **sizes, **ends)
    config.initializer_range = 0.6
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    model.save_pretrained(folder)
    # again: of which kind a tokenizer is follows from the model's config
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    requests = questions(20)
    answers = ask(engine(folder, batch_size=6), requests)
    for one in requests:
        prompt = torch.tensor([tokenizer(one.prompt)["input_ids"]])
        made = model.generate(prompt, do_sample=False, max_new_tokens=one.decode.max_tokens, pad_token_id=0)
        expected = tokenizer.decode(made[0, prompt.shape[1] :], skip_special_tokens=True)
        assert answers[one.key].text == expected, one.key
    assert len({one.text for one in answers.values()}) > 10, "the texts are too alike to tell anything"


@pytest.mark.parametrize("settings", [{}, {"temperature": 1.0}, {"temperature": 0.7, "top_p": 0.8}])
def test_neither_batch_nor_order_nor_company_changes_a_text(
    settings: dict[str, Any], engine: Callable[..., Embedded]
) -> None:
    requests = questions(**settings)
    expected = texts(ask(engine(batch_size=1), requests))
    for size in (2, 5, 64):
        shuffled = random.Random(size).sample(requests, len(requests))
        assert texts(ask(engine(batch_size=size), shuffled)) == expected
    some = requests[3:15]
    assert texts(ask(engine(batch_size=4), some)) == {one.key: expected[one.key] for one in some}


def test_greedy_and_sampled_requests_are_answered_side_by_side(engine: Callable[..., Embedded]) -> None:
    greedy = questions(12)
    sampled = [replace(one, key=f"s{one.key}") for one in questions(12, temperature=1.0)]
    together = texts(ask(engine(batch_size=8), [*greedy, *sampled]))
    assert together == {**texts(ask(engine(), greedy)), **texts(ask(engine(), sampled))}


def test_trials_of_one_prompt_differ_and_read_it_once(
    engine: Callable[..., Embedded], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = count_tokens(monkeypatch)
    requests = [
        request(20 * sample + trial, f"{SHOTS}Question: {sample}{sample}?", temperature=1.0)
        for sample in range(3)
        for trial in range(20)
    ]
    answers = ask(engine(batch_size=16), requests)
    for sample in range(3):
        assert len({answers[f"{20 * sample + trial}"].text for trial in range(20)}) > 15
    # each beginning once, each question once
    assert read.prompts < answers["0"].tokens_in + 2 * 40
    alone = ask(engine(batch_size=16), requests[23:24])
    assert alone["23"].text == answers["23"].text


def test_the_shots_are_read_once_however_many_batches_there_are(
    engine: Callable[..., Embedded], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = count_tokens(monkeypatch)
    requests = [one for one in questions(40) if one.prompt.startswith(SHOTS)]
    answers = ask(engine(batch_size=3), requests)
    shots = answers["0"].tokens_in - 40
    assert shots > 100
    assert read.prompts < sum(one.tokens_in - shots for one in answers.values()) + 2 * shots


def test_places_that_fall_free_are_filled_at_once(engine: Callable[..., Embedded]) -> None:
    """One long row and many short ones in two places take as many steps as the long one."""
    requests = [request(0, "a" * 90, max_tokens=60), *(request(n, f"b{n}", max_tokens=4) for n in range(1, 15))]
    pulses: list[int] = []
    with (made := engine(batch_size=2)):
        made._stops._ends = frozenset()
        answers = list(made.answer(requests, pulses.append))
    assert [one.request for one in answers][-1] == "0"
    assert len(pulses) == 60


class OutOfMemory:
    """Makes the model run out of memory at chosen calls, or whenever it is given more rows than `rows`."""

    def __init__(self, calls: Sequence[int] = (), rows: int = 10**6) -> None:
        self.calls, self.rows, self.count, self.raised = set(calls), rows, 0, 0

    def install(self, engine: Embedded) -> None:
        usual = engine._model.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            if self.count in self.calls or len(kwargs["input_ids"]) > self.rows:
                self.raised += 1
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")
            return usual(*args, **kwargs)

        engine._model.forward = forward


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(
    "trouble",
    [{"calls": (1,)}, {"calls": (2,)}, {"calls": (5, 6, 30)}, {"rows": 3}, {"rows": 1}],
    ids=["first", "prompts", "midway", "three rows", "one row"],
)
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_when_memory_runs_out_no_request_is_lost_or_answered_twice(
    trouble: dict[str, Any], padded: bool, temperature: float, engine: Callable[..., Embedded]
) -> None:
    requests = questions(temperature=temperature)
    expected = texts(ask(engine(), requests))
    made, short, fresh = engine(batch_size=16), OutOfMemory(**trouble), []
    with made:
        if padded:
            made._token_bytes = None
        short.install(made)
        answers = list(made.answer(requests, fresh.append))
    assert short.raised
    assert len(answers) == len(requests)
    assert texts({one.request: one for one in answers}) == expected
    assert sum(fresh) == sum(one.tokens_out for one in answers)


def test_memory_too_small_for_one_row_is_said_in_one_sentence(engine: Callable[..., Embedded]) -> None:
    made = engine(batch_size=8)
    with made:
        OutOfMemory(rows=0).install(made)
        with pytest.raises(MachineError, match="not enough memory to decode even one request"):
            list(made.answer(questions(8), lambda tokens: None))


def test_other_errors_of_a_model_are_not_taken_for_a_lack_of_memory(engine: Callable[..., Embedded]) -> None:
    made = engine()
    with made:
        made._model.forward = lambda **given: (_ for _ in ()).throw(RuntimeError("shape mismatch"))
        with pytest.raises(RuntimeError, match="shape mismatch"):
            list(made.answer(questions(8), lambda tokens: None))


def test_memory_decides_how_many_rows_there_are(
    engine: Callable[..., Embedded], monkeypatch: pytest.MonkeyPatch
) -> None:
    widths = []
    usual = lanes.forward

    def forward(model: Any, tokens: torch.Tensor, *rest: Any) -> torch.Tensor:
        widths.append(len(tokens))
        return usual(model, tokens, *rest)

    monkeypatch.setattr(lanes, "forward", forward)
    monkeypatch.setattr("benchcore.engines.embedded.engine.budget", lambda device, share: 150_000)
    answers = ask(engine(), questions(40))
    assert len(answers) == 40
    assert 1 < max(widths) < 20


def test_near_ties_are_counted_for_greedy_texts_alone(
    engine: Callable[..., Embedded], monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [*questions(6), *(replace(one, key=f"s{one.key}") for one in questions(6, temperature=1.0))]
    monkeypatch.setitem(TIE, "float32", 1e9)
    answers = ask(engine(), requests)
    for key, one in answers.items():
        assert one.near_ties == (None if key.startswith("s") else one.tokens_out)
    monkeypatch.setitem(TIE, "float32", 0.0)
    assert all(not one.near_ties for one in ask(engine(), requests).values())


class Count:
    """Tokens of prompts read so far: those that come several at a time."""

    prompts = 0


def count_tokens(monkeypatch: pytest.MonkeyPatch) -> Count:
    count = Count()
    usual = lanes.Cascade._read

    def read(self: Any, block: Any, texts: Sequence[Sequence[int]], stems: Any) -> None:
        count.prompts += sum(map(len, texts))
        usual(self, block, texts, stems)

    monkeypatch.setattr(lanes.Cascade, "_read", read)
    return count


def test_a_text_longer_than_one_pass_is_read_in_parts(
    engine: Callable[..., Embedded], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = texts(ask(engine(), questions()))
    monkeypatch.setattr(lanes, "AT_ONCE", 7)
    assert texts(ask(engine(), questions())) == expected


def test_a_prompt_that_does_not_go_on_from_its_family_stands_alone(
    engine: Callable[..., Embedded], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a family has in common is guessed from a few of its texts; the guess is checked for each."""
    expected = texts(ask(engine(), questions()))
    monkeypatch.setattr(arrangement, "EXAMPLES", 1)
    usual = arrangement.common
    monkeypatch.setattr(arrangement, "common", lambda one, two: usual(one, two) + 3 * isinstance(one, list))
    assert texts(ask(engine(), questions())) == expected


def test_a_stop_string_may_lie_across_tokens_and_broken_characters(engine: Callable[..., Embedded]) -> None:
    requests = questions(12, max_tokens=40)
    free = ask(engine(), requests)
    found = 0
    for length in (1, 2, 3, 5):
        for one in requests:
            text = free[one.key].text
            stop = text[4 : 4 + length]
            if not stop or "\ufffd" in stop:
                continue
            [again] = ask(engine(), [replace(one, decode=replace(one.decode, stop=(stop,)))]).values()
            assert again.text == text[: text.find(stop)]
            assert again.finish is Finish.STOP
            found += 1
        if found > 12:
            return
