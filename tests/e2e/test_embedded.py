"""The embedded engine on a real, tiny checkpoint: against transformers itself, in any batch, with any stop."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchcore import EvalConfig, RunRecord, evaluate
from benchcore.records import cut_at_stop

Write = Callable[..., str]
Text = tuple[str, str, int, int]

pytestmark = pytest.mark.usefixtures("at_home")


def run(checkpoint: Path, task: str, **settings: Any) -> RunRecord:
    config = EvalConfig(tasks=(task,), engine="embedded", dtype="float32", **settings)
    (record,) = evaluate([str(checkpoint)], config).records
    assert record.complete
    return record


def texts(out: str | Path = "runs") -> dict[tuple[str, int], Text]:
    """(sample, trial) -> text, finish, tokens in, tokens out."""
    query = (
        "SELECT sample, trial, text, finish, tokens_in, tokens_out FROM completions JOIN requests ON key = request"
        " ORDER BY sample, trial"
    )
    with closing(sqlite3.connect(Path(out) / "tiny-llama" / "run.db")) as db:
        return {(sample, trial): tuple(rest) for sample, trial, *rest in db.execute(query)}


def prompts(number: int) -> str:
    return f"What is {number} + 1 ="


@pytest.fixture(scope="module")
def generate(tiny_checkpoint: Path) -> Callable[[list[int], int], list[int]]:
    """transformers' own greedy generation: prompt tokens and a limit -> generated tokens."""
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32).eval()

    def continued(prompt: list[int], limit: int) -> list[int]:
        tokens = torch.tensor([prompt])
        made = model.generate(
            tokens, attention_mask=torch.ones_like(tokens), do_sample=False, max_new_tokens=limit, pad_token_id=0
        )
        return [int(token) for token in made[0, len(prompt) :]]

    return continued


@pytest.fixture(scope="module")
def tokenizer(tiny_checkpoint: Path) -> Any:
    import transformers

    return transformers.AutoTokenizer.from_pretrained(tiny_checkpoint)


def test_greedy_text_is_that_of_transformers(
    tiny_checkpoint: Path, write_task: Write, tokenizer: Any, generate: Callable[[list[int], int], list[int]]
) -> None:
    run(tiny_checkpoint, write_task(samples=40, max_tokens=20, stop=()), batch_size=16)
    found = texts()
    assert len(found) == 40
    for number in range(40):
        prompt = tokenizer(prompts(number))["input_ids"]
        made = generate(prompt, 20)
        text, finish, tokens_in, tokens_out = found[f"s{number}", 0]
        assert (tokens_in, tokens_out) == (len(prompt), len(made))
        assert text == tokenizer.decode(made, skip_special_tokens=True)
        assert finish == ("stop" if made[-1] == tokenizer.eos_token_id else "length")
    assert len({text for text, *_ in found.values()}) > 20, "the texts are too alike to tell anything"


def test_a_chat_is_rendered_with_the_checkpoints_template(
    tiny_checkpoint: Path, write_task: Write, tokenizer: Any, generate: Callable[[list[int], int], list[int]]
) -> None:
    run(tiny_checkpoint, write_task(samples=6, max_tokens=12, stop=()) + "@instruct")
    for number in range(6):
        chat = tokenizer(f"<|user|>{prompts(number)}<|end|><|assistant|>", add_special_tokens=False)["input_ids"]
        text, _, tokens_in, _ = texts()[f"s{number}", 0]
        assert tokens_in == len(chat)
        assert text == tokenizer.decode(generate(chat, 12), skip_special_tokens=True)


def test_a_text_is_cut_at_the_first_stop_string(tiny_checkpoint: Path, write_task: Write) -> None:
    run(tiny_checkpoint, write_task(samples=24, max_tokens=24, stop=()), out=Path("free"))
    free = {key: text for key, (text, *_) in texts("free").items()}
    longest = max(free.values(), key=len)
    stop = (longest[5:8], longest[9:11])
    assert any(cut_at_stop(text, stop)[1] for text in free.values())
    run(tiny_checkpoint, write_task(samples=24, max_tokens=24, stop=stop), out=Path("cut"))
    for key, (text, finish, _, tokens_out) in texts("cut").items():
        expected, stopped = cut_at_stop(free[key], stop)
        assert text == expected
        if stopped:
            assert finish == "stop" and tokens_out <= texts("free")[key][3]


def test_sampled_texts_follow_from_their_seeds_in_any_batch(tiny_checkpoint: Path, write_task: Write) -> None:
    path = write_task(samples=10, temperature=1.0, trials=3, max_tokens=12, stop=("\n",))
    found = []
    for size in (1, 3, 32):
        run(tiny_checkpoint, path, batch_size=size, out=Path(f"batch-{size}"))
        found.append(texts(f"batch-{size}"))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 30
    trials = [{found[0][f"s{sample}", trial][0] for trial in range(3)} for sample in range(10)]
    assert all(len(one) == 3 for one in trials), "trials of one sample must differ"


def test_a_nucleus_is_kept_in_any_batch_and_a_tiny_one_is_greedy(tiny_checkpoint: Path, write_task: Write) -> None:
    path = write_task(samples=10, temperature=1.0, max_tokens=10, stop=())
    for size in (1, 4):
        run(tiny_checkpoint, path, top_p=0.7, batch_size=size, out=Path(f"p-{size}"))
    assert texts("p-1") == texts("p-4")
    run(tiny_checkpoint, path, top_p=1e-9, out=Path("least"))
    run(tiny_checkpoint, path, temperature=0.0, out=Path("greedy"))
    assert texts("least") == texts("greedy") != texts("p-1")


def test_a_prompt_that_nearly_fills_the_context_gets_the_room_that_is_left(
    tiny_checkpoint: Path, write_task: Write, tokenizer: Any
) -> None:
    prompt = ""
    while (length := len(tokenizer(f"{prompt}0 + 1 =")["input_ids"])) < 490:
        prompt += "a b "
    assert length < 512
    run(tiny_checkpoint, write_task(samples=1, prompt=prompt, max_tokens=100, stop=()))
    text, finish, tokens_in, tokens_out = texts()["s0", 0]
    assert tokens_in == length
    assert (finish, tokens_out) == ("length", 512 - length) or finish == "stop"
    assert text
