"""Prompts: the recipes of the installed lm-eval, and how a prompt becomes token ids."""

import importlib.metadata
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchcore import prompts
from benchcore.errors import ConfigError, MissingExtra
from benchcore.prompts import LmEval, encode
from benchcore.records import Message

Write = Callable[..., None]


@pytest.fixture
def lm_eval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Stand in for an installed lm-eval 0.4.13 and write files into its task folder."""
    package = tmp_path / "lm_eval"
    (package / "tasks").mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('imported')\n")
    find, version = importlib.util.find_spec, importlib.metadata.version
    spec = importlib.util.spec_from_file_location("lm_eval", package / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec if name == "lm_eval" else find(name))
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: prompts.LM_EVAL if name == "lm-eval" else version(name)
    )

    def write(**files: str) -> None:
        for name, text in files.items():
            stem, _, ending = name.rpartition("_")
            (package / "tasks" / f"{stem}.{ending}").write_text(text, encoding="utf-8")

    return write


@pytest.fixture(autouse=True)
def forget_recipes() -> None:
    """Recipes are remembered by file name, and every test here has files of its own."""
    prompts._recipe.cache_clear()


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        act()
    return str(caught.value)


SHOTS = "num_fewshot: 1\nfewshot_config: {sampler: first_n, samples: [{q: one, a: '1'}, {q: two, a: '2'}]}\n"
PLAIN = 'doc_to_text: "Q: {{q}}\\nA:"\ndoc_to_target: "{{a}}"\n'


def test_naming_a_recipe_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: pytest.fail("read before the first prompt"))
    assert LmEval(file="gone.yaml").file == "gone.yaml"


def test_a_missing_lm_eval_is_an_error_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra) as caught:
        LmEval(file="x.yaml").text({})
    assert str(caught.value) == (
        "this task's few-shot prompt needs the package lm-eval, which is not installed; "
        'run: python -m pip install "benchcore[tasks]"'
    )


def test_another_version_of_lm_eval_is_refused(lm_eval: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.4.12")
    said = refusal(lambda: LmEval(file="x.yaml").text({}))
    assert said.startswith("prompts are those of lm-eval 0.4.13, but 0.4.12 is installed; run: python -m pip")


def test_an_lm_eval_without_a_version_is_refused(lm_eval: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", no_version)
    assert "but one without a version is installed" in refusal(lambda: LmEval(file="x.yaml").text({}))


def test_a_recipe_that_lm_eval_has_not_is_named(lm_eval: Write) -> None:
    assert refusal(lambda: LmEval(file="no/such.yaml").text({})) == "lm-eval 0.4.13 has no task file no/such.yaml"


def test_shots_stand_before_the_question(lm_eval: Write) -> None:
    lm_eval(t_yaml=PLAIN + SHOTS)
    assert LmEval(file="t.yaml").text({"q": "new"}) == "Q: one\nA: 1\n\nQ: new\nA:"


def test_a_chat_gives_each_shot_two_turns(lm_eval: Write) -> None:
    lm_eval(t_yaml=PLAIN + SHOTS)
    assert LmEval(file="t.yaml").chat({"q": "new"}) == (
        Message(role="user", content="Q: one\nA:"),
        Message(role="assistant", content="1"),
        Message(role="user", content="Q: new\nA:"),
    )


def test_delimiters_of_the_recipe_are_kept(lm_eval: Write) -> None:
    lm_eval(t_yaml=PLAIN + SHOTS + 'target_delimiter: "->"\nfewshot_delimiter: "##"\n')
    assert LmEval(file="t.yaml").text({"q": "new"}) == "Q: one\nA:->1##Q: new\nA:"


def test_a_description_stands_first_and_is_the_system_turn(lm_eval: Write) -> None:
    lm_eval(t_yaml=PLAIN + 'description: "About {{q}}.\\n"\n')
    assert LmEval(file="t.yaml").text({"q": "sums"}) == "About sums.\nQ: sums\nA:"
    assert LmEval(file="t.yaml").chat({"q": "sums"})[0] == Message(role="system", content="About sums.\n")


def test_an_opening_is_joined_with_one_space_where_none_is(lm_eval: Write) -> None:
    lm_eval(t_yaml=PLAIN + SHOTS + 'gen_prefix: "So {{q}}:"\n')
    recipe = LmEval(file="t.yaml")
    assert recipe.text({"q": "new"}) == "Q: one\nA: So one: 1\n\nQ: new\nA: So new:"
    assert [turn.content for turn in recipe.chat({"q": "new"})][1::2] == ["So one: 1", "So new:"]


def test_an_opening_with_white_space_is_joined_as_it_is(lm_eval: Write) -> None:
    lm_eval(t_yaml=PLAIN + SHOTS + 'gen_prefix: "\\n```\\n"\n')
    recipe = LmEval(file="t.yaml")
    assert recipe.text({"q": "new"}) == "Q: one\nA:\n```\n1\n\nQ: new\nA:\n```\n"
    assert [turn.content for turn in recipe.chat({"q": "new"})][1::2] == ["\n```\n1", "\n```\n"]


def test_the_bare_name_of_a_field_is_that_field(lm_eval: Write) -> None:
    lm_eval(t_yaml="doc_to_text: q\ndoc_to_target: a\n" + SHOTS)
    assert LmEval(file="t.yaml").text({"q": "{{new}}"}) == "one 1\n\n{{new}}"


def test_an_included_file_is_overruled_by_the_one_that_includes_it(lm_eval: Write) -> None:
    lm_eval(t_yaml="include: b.yaml\ndoc_to_target: 'is {{a}}'\n", b_yaml=PLAIN + SHOTS)
    assert LmEval(file="t.yaml").text({"q": "new"}) == "Q: one\nA: is 1\n\nQ: new\nA:"


def test_of_several_included_files_the_last_wins(lm_eval: Write) -> None:
    lm_eval(t_yaml="include: [b.yaml, c.yaml]\n", b_yaml=PLAIN, c_yaml='doc_to_text: "{{q}}?"\n')
    assert LmEval(file="t.yaml").text({"q": "new"}) == "new?"


def test_shots_of_a_function_are_read_and_the_function_is_not_run(lm_eval: Write) -> None:
    lm_eval(
        t_yaml=PLAIN + "num_fewshot: 1\nfewshot_config: {sampler: first_n, samples: !function shots.some}\n",
        shots_py="raise AssertionError('executed')\ndef some():\n    return [{'q': 'one', 'a': '1'}]\n",
    )
    assert LmEval(file="t.yaml").text({"q": "new"}) == "Q: one\nA: 1\n\nQ: new\nA:"


@pytest.mark.parametrize("body", ["return [x for x in ()]", "pass"])
def test_shots_that_are_computed_are_refused(lm_eval: Write, body: str) -> None:
    lm_eval(
        t_yaml=PLAIN + "num_fewshot: 1\nfewshot_config: {sampler: first_n, samples: !function shots.some}\n",
        shots_py=f"def some():\n    {body}\n",
    )
    assert refusal(lambda: LmEval(file="t.yaml").text({"q": "new"})) == (
        "shots.py: no function some that returns a literal"
    )


@pytest.mark.parametrize(
    "config",
    [
        "num_fewshot: 5\n",
        "num_fewshot: 5\nfewshot_split: train\n",
        "num_fewshot: 1\nfewshot_config: {samples: [{q: one, a: '1'}]}\n",
        "num_fewshot: 2\nfewshot_config: {sampler: first_n, samples: [{q: one, a: '1'}]}\n",
        "num_fewshot: 1\nfewshot_config: {sampler: first_n, doc_to_text: other, samples: [{q: one, a: '1'}]}\n",
    ],
    ids=["none listed", "a split", "no sampler", "too few", "another template"],
)
def test_shots_that_lm_eval_would_draw_or_alter_are_refused_not_left_out(lm_eval: Write, config: str) -> None:
    lm_eval(t_yaml=PLAIN + config)
    said = refusal(lambda: LmEval(file="t.yaml").text({"q": "new"}))
    assert said.startswith("lm-eval's t.yaml does not list its ")


def test_a_question_that_lm_eval_computes_must_be_given(lm_eval: Write) -> None:
    lm_eval(t_yaml="doc_to_text: !function utils.text\n")
    assert refusal(lambda: LmEval(file="t.yaml").text({"q": "new"})) == (
        "lm-eval's t.yaml has no question template; give LmEval(..., question=...)"
    )
    assert LmEval(file="t.yaml", question="{{q}}?").text({"q": "new"}) == "new?"


def test_a_row_that_lacks_a_field_is_one_sentence(lm_eval: Write) -> None:
    lm_eval(t_yaml=PLAIN)
    assert "'q' is undefined" in refusal(lambda: LmEval(file="t.yaml").text({"a": "1"}))


def test_nothing_in_a_row_is_escaped_or_taken_for_a_template(lm_eval: Write) -> None:
    lm_eval(t_yaml=PLAIN)
    odd = "<b> & {{a}} {% x %} \r\n\n"
    assert LmEval(file="t.yaml").text({"q": odd, "a": "1"}) == f"Q: {odd}\nA:"


# token ids

CHAT = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}"
OPEN = CHAT + "{% if add_generation_prompt %}<assistant>{% endif %}"
SAID = (Message(role="user", content="1 + 1 ?"),)
OPENED = (*SAID, Message(role="assistant", content="1 + "))


@pytest.fixture
def tokenizer() -> Callable[..., Any]:
    """Make a tokenizer of single bytes that puts <s> before every text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    def make(**settings: Any) -> Any:
        words = ["<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
        backend = Tokenizer(models.BPE(vocab={word: number for number, word in enumerate(words)}, merges=[]))
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        backend.decoder = decoders.ByteLevel()
        backend.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
        return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>", **settings)

    return make


@pytest.mark.parametrize("text", ["1 + 1 =", "<s>1 + 1 ="], ids=["without", "with"])
def test_a_text_begins_with_one_bos_whether_it_brings_one_or_not(tokenizer: Callable[..., Any], text: str) -> None:
    made = tokenizer()
    ids = encode(made, text)
    assert ids.count(made.bos_token_id) == 1
    assert made.decode(ids) == "<s>1 + 1 ="


def test_an_empty_text_is_the_bos_alone(tokenizer: Callable[..., Any]) -> None:
    assert encode(tokenizer(), "") == [0]


@pytest.mark.parametrize(
    ("template", "expected"),
    [(OPEN, "<user>1 + 1 ?</s><assistant>"), ("{{ bos_token }}" + OPEN, "<s><user>1 + 1 ?</s><assistant>")],
    ids=["template without bos", "template with bos"],
)
def test_a_chat_is_what_its_template_says_with_the_answer_opened(
    tokenizer: Callable[..., Any], template: str, expected: str
) -> None:
    made = tokenizer(chat_template=template)
    ids = encode(made, SAID)
    assert made.decode(ids) == expected
    assert ids.count(made.bos_token_id) == expected.count("<s>")


def test_an_opened_answer_is_continued_not_closed(tokenizer: Callable[..., Any]) -> None:
    made = tokenizer(chat_template=OPEN)
    assert made.decode(encode(made, OPENED)) == "<user>1 + 1 ?</s><assistant>1 + "


def test_a_chat_without_a_template_is_refused(tokenizer: Callable[..., Any]) -> None:
    assert refusal(lambda: encode(tokenizer(), SAID)) == (
        "this checkpoint has no chat template; evaluate the task without @instruct"
    )


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ raise_exception('roles must alternate') }}{{ messages[0].content }}", "roles must alternate"),
        ("{{ messages[0].content }}", "continue_final_message is set but the final message does not appear"),
        ("{% for", "unexpected"),
    ],
    ids=["refuses", "drops the opening", "is no template"],
)
def test_a_template_that_does_not_take_the_prompt_is_one_sentence(
    tokenizer: Callable[..., Any], template: str, reason: str
) -> None:
    made = tokenizer(chat_template=template)
    with pytest.raises(ConfigError, match=f"^this checkpoint's chat template does not take the prompt: {reason}"):
        encode(made, OPENED)
