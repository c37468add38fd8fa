"""What is read to score a text: the tokens and windows of lm-eval, and what is refused."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchcore import Decode, Message
from benchcore.checkpoint import find
from benchcore.engines.window import Window
from benchcore.errors import CheckpointError, ConfigError
from benchcore.records import Generation, Prompt, Scoring

CONTEXT = 16


@pytest.fixture(scope="module")
def window(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Window:
    """The tiny tokenizer, which has no token that begins a text, and a context of 16 tokens."""
    return altered(tiny_checkpoint, tmp_path_factory.mktemp("short"), max_position_embeddings=CONTEXT)


@pytest.fixture(scope="module")
def beginning(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Window:
    """The same, but its tokenizer puts a token before every text, as Llama's does."""
    folder = tmp_path_factory.mktemp("beginning")
    made = altered(tiny_checkpoint, folder, max_position_embeddings=CONTEXT)
    from tokenizers.processors import TemplateProcessing

    made.tokenizer.add_special_tokens({"bos_token": "<|user|>"})
    first = ("<|user|>", made.tokenizer.bos_token_id)
    made.tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="<|user|> $A", special_tokens=[first])
    return made


def altered(checkpoint: Path, place: Path, **config: object) -> Window:
    folder = place / "model"
    shutil.copytree(checkpoint, folder)
    whole = {**json.loads((folder / "config.json").read_text()), **config}
    (folder / "config.json").write_text(json.dumps({name: value for name, value in whole.items() if value is not None}))
    [found], _ = find(str(folder))
    return Window(found, trust_remote_code=False)


def scoring(prompt: Prompt, *continuations: str) -> Scoring:
    return Scoring(key="k", task="t", sample="s", trial=0, prompt=prompt, continuations=continuations)


def peers_windows(window: Window, text: str) -> list[tuple[list[int], int]]:
    """(all tokens of a window, how many are predicted) as lm-eval's own functions cut `text`."""
    utils = pytest.importorskip("lm_eval.utils")
    tokenizer = window.tokenizer
    first = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
    found = utils.get_rolling_token_windows(tokens, first, window.context, 1)
    return [(context + scored, len(scored)) for context, scored in map(utils.make_disjoint_window, found)]


def peers_pair(window: Window, prompt: str, text: str) -> tuple[list[int], int]:
    """The same for a continuation, by lm-eval's own `_encode_pair`."""
    model = pytest.importorskip("lm_eval.api.model")
    stand_in = SimpleNamespace(backend="causal", tok_encode=lambda text: window.tokenizer(text)["input_ids"])
    context, scored = model.TemplateLM._encode_pair(stand_in, prompt, text)
    return context + scored, len(scored)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(max_size=120), begins=st.booleans())
def test_a_whole_text_is_cut_as_lm_eval_cuts_it(window: Window, beginning: Window, text: str, begins: bool) -> None:
    used = beginning if begins else window
    [found] = used.stretches(scoring("", text))
    assert [(list(one.tokens), one.scored) for one in found] == peers_windows(used, text)


@pytest.mark.parametrize("tokens", [1, CONTEXT - 1, CONTEXT, CONTEXT + 1, 2 * CONTEXT, 5 * CONTEXT + 3])
def test_each_token_of_a_long_text_is_predicted_once_within_the_context(window: Window, tokens: int) -> None:
    text = "".join(chr(ord("a") + at * 7 % 23) + "\x00" for at in range(tokens))[:tokens]
    whole = window.tokenizer(text, add_special_tokens=False)["input_ids"]
    [found] = window.stretches(scoring("", text))
    assert [token for one in found for token in one.tokens[-one.scored :]] == whole
    assert all(len(one.tokens) - 1 <= CONTEXT for one in found)
    assert [(list(one.tokens), one.scored) for one in found] == peers_windows(window, text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(prompt=st.text(min_size=1, max_size=40).filter(str.strip), text=st.text(max_size=20), begins=st.booleans())
def test_a_continuation_has_lm_evals_tokens(
    window: Window, beginning: Window, prompt: str, text: str, begins: bool
) -> None:
    used = beginning if begins else window
    [[one]] = used.stretches(scoring(prompt, text))
    assert (list(one.tokens), one.scored) == peers_pair(used, prompt, text)


@pytest.mark.parametrize(
    ("prompt", "text"), [("Q: 3 * 4?\nA:", " 12"), ("Q: 3 * 4?\nA: ", "12"), ("wörter — ", "日本🙂")]
)
def test_white_space_at_the_end_of_a_prompt_counts_to_the_continuation(window: Window, prompt: str, text: str) -> None:
    [[one]] = window.stretches(scoring(prompt, text))
    assert window.tokenizer.decode(one.tokens) == prompt + text
    assert window.tokenizer.decode(one.tokens[-one.scored :]) == (prompt + text)[len(prompt.rstrip()) :]


def test_a_prompt_of_white_space_is_the_beginning_of_a_whole_text(window: Window) -> None:
    assert window.stretches(scoring(" \n", "abc")) == window.stretches(scoring("", " \nabc"))


def test_a_chat_is_rendered_and_the_continuation_follows_as_it_is(window: Window) -> None:
    chat = (Message(role="user", content="3 + 4?"),)
    [[one], [two]] = window.stretches(scoring(chat, "7", " 7"))
    assert window.tokenizer.decode(one.tokens) == "<|user|>3 + 4?<|end|><|assistant|>7"
    assert [window.tokenizer.decode(found.tokens[-found.scored :]) for found in (one, two)] == ["7", " 7"]


def test_a_sequence_may_fill_the_context_and_its_last_token_is_only_predicted(window: Window) -> None:
    def sized(tokens: int) -> Scoring:
        return scoring("".join(chr(ord("a") + at * 7 % 23) for at in range(tokens - 1)), "\x00")

    assert len(window.stretches(sized(CONTEXT + 1))[0][0].tokens) == CONTEXT + 1
    assert window.check([sized(CONTEXT + 1)]) == CONTEXT + 1
    with pytest.raises(ConfigError, match=f"{CONTEXT + 1} tokens long, but the checkpoint's context is {CONTEXT}"):
        window.check([sized(CONTEXT + 2)])


def test_whole_texts_of_any_length_pass_the_check(window: Window) -> None:
    assert window.check([scoring("", "", "a", "a b c d " * 50)]) <= CONTEXT + 1


def test_a_continuation_without_tokens_is_refused(window: Window) -> None:
    with pytest.raises(ConfigError, match="sample s: a continuation has no token of its own"):
        window.check([scoring("Q: 3 * 4?", " 12", "")])


def test_room_ends_with_the_context(window: Window) -> None:
    def asked(tokens: int) -> Generation:
        return Generation(key="k", task="t", sample="s", trial=0, prompt="x", seed=0, decode=Decode(max_tokens=tokens))

    assert window.room(asked(4), 10) == 4
    assert window.room(asked(40), 10) == CONTEXT - 10
    assert window.last == CONTEXT - 1


def test_a_checkpoint_that_names_no_context_has_no_end(tiny_checkpoint: Path, tmp_path: Path) -> None:
    endless = altered(tiny_checkpoint, tmp_path, max_position_embeddings=None)
    [[one]] = endless.stretches(scoring("", "a b " * 2000))
    assert one.scored == len(one.tokens) - 1 > 4000
    assert endless.last > 2**30


def test_a_tokenizer_without_ends_cannot_score_whole_texts(tiny_checkpoint: Path, tmp_path: Path) -> None:
    bare = altered(tiny_checkpoint, tmp_path)
    bare.tokenizer.eos_token = None
    with pytest.raises(CheckpointError, match="no token that begins or ends a text"):
        bare.stretches(scoring("", "abc"))
