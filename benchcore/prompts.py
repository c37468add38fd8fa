"""Prompts: the few-shot recipes of the installed lm-eval, and chat templates.

lm-eval's texts are read from the installed package, never copied and never imported: its HumanEval and MBPP
modules fetch a metric from the hub as they load, and its Minerva module asks for one pinned antlr. So the
YAML is parsed as data and the shots are taken from the syntax tree as literals.
"""

import ast
import functools
import importlib.metadata
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchcore.errors import ConfigError, MissingExtra
from benchcore.records import Message, Prompt

LM_EVAL = "0.4.13"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LmEval:
    """A task's prompts as lm-eval 0.4.13 builds them; nothing is read before the first prompt.

    `file` is the YAML below lm-eval's task folder. `question` replaces lm-eval's question template where
    lm-eval computes it by a function instead.
    """

    file: str
    question: str | None = None
    target: str | None = None

    def text(self, row: Row) -> str:
        """The prompt of `row` as plain text: each shot with its answer, then the question."""
        recipe = _recipe(self.file)
        shots = [
            self._question(recipe, shot) + recipe.delimiter + self._answer(recipe, shot) + "\n\n"
            for shot in recipe.shots
        ]
        return "".join(shots) + self._question(recipe, row)

    def chat(self, row: Row) -> tuple[Message, ...]:
        """The prompt of `row` as turns: each shot a question and its answer, then the question.

        Where lm-eval opens the answer itself (`gen_prefix`), that opening is the last, unfinished turn.
        """
        recipe = _recipe(self.file)
        turns: list[Message] = []
        for shot in recipe.shots:
            turns.append(Message(role="user", content=self._question(recipe, shot)))
            turns.append(Message(role="assistant", content=recipe.opening(shot) + self._answer(recipe, shot)))
        turns.append(Message(role="user", content=self._question(recipe, row)))
        if opening := recipe.opening(row):
            turns.append(Message(role="assistant", content=opening))
        return tuple(turns)

    def _question(self, recipe: "_Recipe", row: Row) -> str:
        return _render(self.question or recipe.question, row)

    def _answer(self, recipe: "_Recipe", shot: Row) -> str:
        return _render(self.target or recipe.target, shot)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipe:
    """The parts of one lm-eval task file that make its prompts."""

    question: str
    target: str
    prefix: str | None
    delimiter: str
    shots: tuple[Row, ...]

    def opening(self, row: Row) -> str:
        return _render(self.prefix, row) if self.prefix else ""


@functools.cache
def _recipe(file: str) -> _Recipe:
    folder = _lm_eval_tasks()
    config = _read_yaml(folder / file)
    shots = config.get("fewshot_config", {}).get("samples", ())
    if isinstance(shots, _Function):
        shots = _returned_literal(folder / Path(file).parent / f"{shots.module}.py", shots.name)
    question = config["doc_to_text"]
    return _Recipe(
        question="" if isinstance(question, _Function) else question,
        target=config["doc_to_target"],
        prefix=config.get("gen_prefix"),
        delimiter=config.get("target_delimiter", " "),
        shots=tuple(shots[: config.get("num_fewshot", 0)]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    """A YAML value that names a Python function (`!function module.name`)."""

    module: str
    name: str


def _lm_eval_tasks() -> Path:
    spec = importlib.util.find_spec("lm_eval")
    install = 'python -m pip install "benchcore[tasks]"'
    if spec is None or spec.origin is None:
        raise MissingExtra("lm-eval", "this task's few-shot prompt", install)
    if (found := importlib.metadata.version("lm-eval")) != LM_EVAL:
        raise ConfigError(f"prompts are those of lm-eval {LM_EVAL}, but {found} is installed", f"run: {install}")
    return Path(spec.origin).parent / "tasks"


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    class Loader(yaml.SafeLoader):
        """SafeLoader that leaves `!function` as a name instead of calling anything."""

    def function(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> _Function:
        module, name = str(loader.construct_scalar(node)).rsplit(".", 1)
        return _Function(module=module, name=name)

    Loader.add_constructor("!function", function)
    config: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader)  # noqa: S506  # a SafeLoader
    if include := config.pop("include", None):
        config = {**_read_yaml(path.parent / include), **config}
    return config


def _returned_literal(path: Path, function: str) -> Any:
    """The literal that `function` in the file `path` returns, without executing the file."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            returned = node.body[-1]
            if isinstance(returned, ast.Return) and returned.value is not None:
                return ast.literal_eval(returned.value)
    raise ConfigError(f"{path.name}: no function {function} that returns a literal")


@functools.cache
def _template(text: str) -> Any:
    import jinja2

    # plain text for a model, not HTML: nothing may be escaped
    return jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True).from_string(text)  # noqa: S701


def _render(template: str, row: Row) -> str:
    return str(_template(template).render(**row))


def encode(tokenizer: Any, prompt: Prompt) -> list[int]:
    """Token ids of a prompt, (prompt length,), with the tokenizer's own special tokens exactly once.

    A chat is rendered with the checkpoint's chat template; a final assistant turn is left open.
    Raises `ConfigError` when a chat is asked of a checkpoint that has no template.
    """
    if isinstance(prompt, str):
        bos = tokenizer.bos_token
        doubled = bool(bos) and prompt.startswith(bos)
        return list(tokenizer(prompt, add_special_tokens=not doubled)["input_ids"])
    if not tokenizer.chat_template:
        raise ConfigError("this checkpoint has no chat template", "evaluate the task without @instruct")
    turns = [{"role": message.role, "content": message.content} for message in prompt]
    opened = prompt[-1].role == "assistant"
    text = tokenizer.apply_chat_template(
        turns, tokenize=False, add_generation_prompt=not opened, continue_final_message=opened
    )
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])
