"""Log-likelihoods against a plain oracle on several kinds of models, with whatever memory there is."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from benchcore.engines.embedded.reader import Reader
from benchcore.engines.embedded.scoring import Scorer
from benchcore.engines.window import Stretch
from benchcore.errors import MachineError
from benchcore.records import Completion, Scoring

WORDS = 97
CONTEXT = 128
CPU = torch.device("cpu")
PLENTY = 2**30
SAME = 1e-4
LLAMA = {
    "vocab_size": WORDS,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": CONTEXT,
    "initializer_range": 0.3,
    "bos_token_id": None,
    "eos_token_id": 1,
    "pad_token_id": None,
}
GPT = {"vocab_size": WORDS, "initializer_range": 0.3, "bos_token_id": 1, "eos_token_id": 1}
# name -> (its config, whether it reads trees of any length)
KINDS: Mapping[str, tuple[Callable[[], Any], bool]] = {
    "llama": (lambda: transformers.LlamaConfig(**LLAMA), True),
    "qwen2": (lambda: transformers.Qwen2Config(**LLAMA), True),
    "gpt2": (lambda: transformers.GPT2Config(**GPT, n_positions=CONTEXT, n_embd=32, n_layer=2, n_head=4), True),
    "opt": (
        lambda: transformers.OPTConfig(
            vocab_size=WORDS,
            hidden_size=32,
            word_embed_proj_dim=32,
            ffn_dim=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=CONTEXT,
            init_std=0.3,
        ),
        True,
    ),
    "gpt-neox": (
        lambda: transformers.GPTNeoXConfig(**{k: v for k, v in LLAMA.items() if k != "num_key_value_heads"}),
        True,
    ),
    "logits scaled": (lambda: transformers.GraniteConfig(**LLAMA, logits_scaling=3.0), True),
    "experts": (lambda: transformers.MixtralConfig(**LLAMA, num_local_experts=4), True),
    "sliding window, soft cap": (
        lambda: transformers.Gemma2Config(**LLAMA, head_dim=8, sliding_window=24, final_logit_softcapping=3.0),
        True,
    ),
    "every other layer global": (
        lambda: transformers.Gemma3TextConfig(**LLAMA, head_dim=8, sliding_window=48, sliding_window_pattern=2),
        True,
    ),
    "only sliding windows": (lambda: transformers.MistralConfig(**LLAMA, sliding_window=24), False),
    "alibi": (lambda: transformers.BloomConfig(vocab_size=WORDS, hidden_size=32, n_layer=2, n_head=4), False),
    "state space": (
        lambda: transformers.MambaConfig(
            vocab_size=WORDS, hidden_size=32, num_hidden_layers=2, state_size=8, initializer_range=0.3
        ),
        False,
    ),
}
Table = dict[str, list[list[Stretch]]]


def made_scorer(model: Any, window: Any, device: torch.device, **given: Any) -> Scorer:
    return Scorer(Reader(model, device, window.last + 1), window, device, **given)


class Tokens:
    """In place of a window: what is to be read for each request, by its key."""

    last = CONTEXT - 1

    def __init__(self, table: Table) -> None:
        self.table = table

    def stretches(self, request: Scoring) -> list[list[Stretch]]:
        return self.table[request.key]


def model(kind: str = "llama") -> Any:
    torch.manual_seed(3)
    return transformers.AutoModelForCausalLM.from_config(KINDS[kind][0]()).eval()


def scoring(key: str, continuations: int = 1) -> Scoring:
    texts = ("text",) * continuations
    return Scoring(key=key, task="t", sample=key, trial=0, prompt="prompt", continuations=texts)


def score(scorer: Scorer, table: Table, keys: Iterable[str] | None = None) -> dict[str, Completion]:
    """Each answer by its key; none may come twice."""
    requests = [scoring(key, len(table[key])) for key in (keys or table)]
    found = list(scorer.answer(requests, lambda tokens: None))
    assert sorted(one.request for one in found) == sorted(request.key for request in requests)
    return {one.request: one for one in found}


def alone(model: Any, stretch: Stretch) -> tuple[float, bool]:
    """The oracle: the sequence by itself, every logit, double precision."""
    with torch.inference_mode():
        logits = model(torch.tensor([stretch.tokens[:-1]])).logits[0, -stretch.scored :].double()
        wanted = torch.tensor(stretch.tokens[-stretch.scored :])
        chances = logits.log_softmax(-1)
        return float(chances.gather(1, wanted[:, None]).sum()), bool((chances.argmax(-1) == wanted).all())


def agree(model: Any, table: Table, found: Mapping[str, Completion]) -> None:
    for key, one in found.items():
        for score, stretches in zip(one.scores, table[key], strict=True):
            values = [alone(model, stretch) for stretch in stretches if stretch.scored]
            assert abs(score.logprob - sum(value for value, _ in values)) < SAME
            assert score.greedy == all(greedy for _, greedy in values)
            assert score.tokens == sum(stretch.scored for stretch in stretches)


def after(context: Sequence[int], *continuations: Sequence[int]) -> list[list[Stretch]]:
    return [[Stretch((*context, *own), len(own))] for own in continuations]


def mixture(seed: int = 0) -> Table:
    """Requests of every sort: few-shot prefixes, one-token choices, shared beginnings, duplicates, long and short."""
    draw = random.Random(seed)

    def words(count: int) -> list[int]:
        return [draw.randrange(2, WORDS) for _ in range(count)]

    shots = words(40)
    table: Table = {}
    for number in range(12):
        texts = [words(draw.choice([1, 1, 3, 8])) for _ in range(4)]
        table[f"shots {number}"] = after([*shots, *words(draw.randrange(1, 20))], *texts)
        table[f"bare {number}"] = after(words(draw.randrange(1, 60)), *texts)
    table["letters"] = after([*shots, 9], [5], [6], [7], [8])
    table["nested"] = after([*shots, 9], [5, 6], [5, 7], [5, 6, 7], [5, 6], [5])
    table["duplicate"] = table["shots 3"]
    table["beyond one row"] = after(words(100), *(words(20) for _ in range(8)))
    for number, length in enumerate((1, 2, 50, CONTEXT)):
        table[f"whole {number}"] = [[Stretch(tuple(words(length + 1)), length)]]
    table["windows"] = [[Stretch(tuple(words(CONTEXT + 1)), CONTEXT), Stretch(tuple(words(CONTEXT + 1)), 7)]]
    table["nothing"] = [[]]
    return table


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_those_of_each_sequence_alone(kind: str) -> None:
    made, table = model(kind), mixture()
    with torch.inference_mode():  # some tokens that are the likeliest, so that the flag is not always False
        context = table["bare 0"][0][0].tokens[:5]
        best = int(made(torch.tensor([context])).logits[0, -1].argmax())
    table["greedy"] = after(context, [best], [(best + 1) % WORDS])
    found = score(made_scorer(made, Tokens(table), CPU, budget=PLENTY), table)
    agree(made, table, found)
    assert [one.greedy for one in found["greedy"].scores] == [True, False]
    assert found["nothing"].scores[0].logprob == 0 and found["nothing"].scores[0].tokens == 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shared_is_read_once_where_the_model_allows_it(kind: str) -> None:
    table = mixture()
    read: list[int] = []
    scorer = made_scorer(model(kind), Tokens(table), CPU, budget=PLENTY)
    list(scorer.answer([scoring(key, len(found)) for key, found in table.items()], read.append))
    each = sum(len(one.tokens) - 1 for found in table.values() for stretches in found for one in stretches)
    assert sum(read) < each * (0.4 if KINDS[kind][1] else 1)


def test_tokens_in_counts_what_continuations_share_once() -> None:
    table = {"a": after([3, 4, 5], [6], [7], [8, 9]), "b": [[Stretch((1, 5, 6, 7), 3), Stretch((7, 8), 1)]]}
    found = score(made_scorer(model(), Tokens(table), CPU, budget=PLENTY), table)
    assert (found["a"].tokens_in, found["b"].tokens_in) == (3 + 1, 3 + 1)
    assert found["a"].tokens_out == 0 and found["a"].text == ""


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 3), keys=st.sets(st.sampled_from(sorted(mixture())), min_size=1), rows=st.integers(1, 9))
def test_a_value_does_not_depend_on_what_else_is_asked(seed: int, keys: set[str], rows: int) -> None:
    table = mixture(seed)
    made = model()
    whole = score(made_scorer(made, Tokens(table), CPU, budget=PLENTY), table)
    part = score(made_scorer(made, Tokens(table), CPU, budget=PLENTY, rows=rows), table, keys)
    for key in keys:
        for one, two in zip(whole[key].scores, part[key].scores, strict=True):
            assert abs(one.logprob - two.logprob) < SAME


def failing(
    monkeypatch: pytest.MonkeyPatch, scorer: Scorer, error: Exception, when: Callable[[list[int]], bool]
) -> list[list[int]]:
    """Let reading raise `error` for batches whose rows have such numbers of tokens; returns those that it did for."""
    read, failed = scorer._reader.read, []

    def limited(trees: Sequence[Any], cache: Any) -> torch.Tensor:
        lengths = [len(tree.tokens) for tree in trees]
        if when(lengths):
            failed.append(lengths)
            raise error
        return read(trees, cache)

    monkeypatch.setattr(scorer._reader, "read", limited)
    return failed


@pytest.mark.parametrize("most", [1, 60, 150])
def test_memory_that_runs_out_costs_no_answer(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    table, made = mixture(), model()
    scorer = made_scorer(made, Tokens(table), CPU, budget=PLENTY)
    error = torch.OutOfMemoryError("out of memory")
    refused = failing(monkeypatch, scorer, error, lambda lengths: len(lengths) > 1 and sum(lengths) > most)
    agree(made, table, score(scorer, table))
    assert refused


def test_one_request_is_split_before_it_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(1)
    table = {"a": after(range(2, 30), *([draw.randrange(2, WORDS) for _ in range(9)] for _ in range(6)))}
    made = model()
    scorer = made_scorer(made, Tokens(table), CPU, budget=PLENTY)
    error = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
    failing(monkeypatch, scorer, error, lambda lengths: sum(lengths) > 40)
    agree(made, table, score(scorer, table))


def test_a_sequence_that_never_fits_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    table = mixture()
    scorer = made_scorer(model(), Tokens(table), CPU, budget=PLENTY)
    failing(monkeypatch, scorer, torch.OutOfMemoryError("out of memory"), lambda lengths: True)
    with pytest.raises(MachineError, match=r"a single sequence of \d+ tokens takes more memory"):
        score(scorer, table)


def test_memory_that_does_not_hold_a_shared_beginning_costs_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    table, made = mixture(), model()
    scorer = made_scorer(made, Tokens(table), CPU, budget=PLENTY)

    def no_memory(prefix: Sequence[int]) -> Any:
        raise MemoryError

    monkeypatch.setattr(scorer._reader, "begin", no_memory)
    agree(made, table, score(scorer, table))


def test_an_error_that_is_not_about_memory_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    table = mixture()
    scorer = made_scorer(model(), Tokens(table), CPU, budget=PLENTY)
    failing(monkeypatch, scorer, RuntimeError("sizes of tensors must match"), lambda lengths: True)
    with pytest.raises(RuntimeError, match="sizes of tensors"):
        score(scorer, table)


def test_a_small_budget_makes_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    table, made = mixture(), model()
    sizes: dict[int, list[int]] = {}
    for budget in (1, PLENTY):
        scorer = made_scorer(made, Tokens(table), CPU, budget=budget)
        read = scorer._reader.read
        seen = sizes.setdefault(budget, [])

        def counted(trees: Sequence[Any], cache: Any, read: Any = read, seen: list[int] = seen) -> torch.Tensor:
            seen.append(len(trees))
            return read(trees, cache)

        monkeypatch.setattr(scorer._reader, "read", counted)
        agree(made, table, score(scorer, table))
    assert max(sizes[1]) == 1 < max(sizes[PLENTY])


def test_a_model_whose_last_step_does_not_come_apart_is_scored_whole() -> None:
    made = model()
    plain = made.forward

    class Odd:
        """A model that adds to its logits something that only its inputs tell."""

        config, get_decoder = made.config, made.get_decoder
        parameters, get_output_embeddings = made.parameters, made.get_output_embeddings

        def __call__(self, input_ids: torch.Tensor, **given: Any) -> Any:
            output = plain(input_ids=input_ids, **given)
            return SimpleNamespace(logits=output.logits + (input_ids[..., None] % 5) * torch.eye(WORDS)[7])

    table = mixture()
    agree(Odd(), table, score(made_scorer(Odd(), Tokens(table), CPU, budget=PLENTY), table))


@pytest.mark.parametrize("held", [1, 3])
def test_logits_are_looked_at_a_few_at_a_time(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchcore.engines.embedded.reader.LOGITS", held * 8 * WORDS)
    table, made = mixture(), model()
    scorer = made_scorer(made, Tokens(table), CPU, budget=PLENTY)
    logits, seen = scorer._reader.logits, []

    def counted(hidden: torch.Tensor) -> torch.Tensor:
        seen.append(len(hidden))
        return logits(hidden)

    monkeypatch.setattr(scorer._reader, "logits", counted)
    agree(made, table, score(scorer, table))
    assert max(seen) == held


def test_a_text_in_windows_is_greedy_only_if_all_of_it_is() -> None:
    made = model()
    with torch.inference_mode():
        best = [int(token) for token in made(torch.tensor([[token] for token in range(2, 40)])).logits[:, 0].argmax(-1)]
    right = [Stretch((token, likeliest), 1) for token, likeliest in zip(range(2, 40), best, strict=True)]
    wrong = Stretch((2, best[0] + 1), 1)
    table = {"right": [right], "first": [[wrong, *right]], "last": [[*right, wrong]]}
    found = score(made_scorer(made, Tokens(table), CPU, budget=PLENTY), table)
    assert {key: one.scores[0].greedy for key, one in found.items()} == {"right": True, "first": False, "last": False}


def test_bfloat16_reads_trees_too() -> None:
    made, table = model().to(torch.bfloat16), mixture()
    scorer = made_scorer(made, Tokens(table), CPU, budget=PLENTY)
    assert scorer._reader.trees
    for key, one in score(scorer, table).items():
        for value, stretches in zip(one.scores, table[key], strict=True):
            expected = sum(alone(made, stretch)[0] for stretch in stretches)
            assert abs(value.logprob - expected) < 0.02 * abs(expected) + 0.5
