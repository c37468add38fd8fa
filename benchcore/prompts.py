"""Prompts: the few-shot recipes of the installed lm-eval, and chat templates.

lm-eval's texts are read from the installed package, never copied and never imported: its HumanEval and MBPP
modules fetch a metric from the hub as they load, and its Minerva module asks for one pinned antlr. So the
YAML is parsed as data and the shots are taken from the syntax tree as literals.
"""

import ast
import contextlib
import functools
import importlib.metadata
import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchcore.errors import ConfigError, MissingExtra
from benchcore.records import Message, Prompt
from benchcore.task import Row

LM_EVAL = "0.4.13"


def chat(shots: Iterable[tuple[str, str]], question: str) -> tuple[Message, ...]:
    """A few-shot prompt as turns: each shot a question and its answer, then the question."""
    shown = [
        Message(role=role, content=content)
        for shot in shots
        for role, content in zip(("user", "assistant"), shot, strict=True)
    ]
    return (*shown, Message(role="user", content=question))


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
        """The prompt of `row` as plain text: each shot with its answer, then the question and its opening."""
        recipe = _recipe(self.file)
        parts = [recipe.system(row)]
        for shot in recipe.shots:
            question, opening = self._question(recipe, shot), recipe.opening(shot)
            answer = _join(opening, self._answer(recipe, shot), " ")
            parts.append(_join(question, answer, recipe.delimiter) if opening else question + recipe.delimiter + answer)
            parts.append(recipe.separator)
        return "".join(parts) + _join(self._question(recipe, row), recipe.opening(row), recipe.delimiter)

    def chat(self, row: Row) -> tuple[Message, ...]:
        """The prompt of `row` as turns: each shot a question and its answer, then the question.

        Where lm-eval opens the answer itself (`gen_prefix`), that opening is the last, unfinished turn.
        """
        recipe = _recipe(self.file)
        shots = [
            (self._question(recipe, shot), _join(recipe.opening(shot), self._answer(recipe, shot), " "))
            for shot in recipe.shots
        ]
        system, opening = recipe.system(row), recipe.opening(row)
        return (
            *([Message(role="system", content=system)] if system else ()),
            *chat(shots, self._question(recipe, row)),
            *([Message(role="assistant", content=opening)] if opening else ()),
        )

    def _question(self, recipe: "_Recipe", row: Row) -> str:
        return _render(self._template("question", self.question, recipe.question), row)

    def _answer(self, recipe: "_Recipe", shot: Row) -> str:
        return _render(self._template("target", self.target, recipe.target), shot)

    def _template(self, name: str, given: str | None, theirs: Any) -> str:
        template = theirs if given is None else given
        if not isinstance(template, str):
            raise ConfigError(f"lm-eval's {self.file} has no {name} template", f"give LmEval(..., {name}=...)")
        return template


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipe:
    """The parts of one lm-eval task file that make its prompts; a template that is not text is a function."""

    description: str
    question: Any
    target: Any
    prefix: str
    delimiter: str
    separator: str
    shots: tuple[Row, ...]

    def system(self, row: Row) -> str:
        return _render(self.description, row)

    def opening(self, row: Row) -> str:
        return _render(self.prefix, row)


@functools.cache
def _recipe(file: str) -> _Recipe:
    path = _lm_eval_tasks() / file
    if not path.is_file():
        raise ConfigError(f"lm-eval {LM_EVAL} has no task file {file}")
    config = _read_yaml(path)
    shown = config.get("num_fewshot") or 0
    return _Recipe(
        description=config.get("description") or "",
        question=config.get("doc_to_text"),
        target=config.get("doc_to_target"),
        prefix=config.get("gen_prefix") or "",
        delimiter=config.get("target_delimiter", " "),
        separator=config.get("fewshot_delimiter", "\n\n"),
        shots=_shots(path, config.get("fewshot_config") or {}, shown) if shown else (),
    )


def _shots(path: Path, config: Mapping[str, Any], shown: int) -> tuple[Row, ...]:
    """The first `shown` shots that the file lists. Raises `ConfigError` where lm-eval would draw or alter them."""
    samples = config.get("samples", ())
    if isinstance(samples, _Function):
        samples = _returned_literal(path.parent / f"{samples.module}.py", samples.name)
    if set(config) != {"sampler", "samples"} or config["sampler"] != "first_n" or len(samples) < shown:
        raise ConfigError(f"lm-eval's {path.name} does not list its {shown} shots in a fixed order")
    return tuple(samples[:shown])


def _join(left: str, right: str, delimiter: str) -> str:
    """Both, with the delimiter between them only where neither is empty or has white space at the join."""
    if not left or not right or left[-1].isspace() or right[0].isspace():
        return left + right
    return left + delimiter + right


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
    try:
        found = importlib.metadata.version("lm-eval")
    except importlib.metadata.PackageNotFoundError:
        found = "one without a version"
    if found != LM_EVAL:
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
    included = config.pop("include", None) or []
    inherited: dict[str, Any] = {}
    for name in [included] if isinstance(included, str) else included:
        inherited |= _read_yaml(path.parent / name)
    return inherited | config


def _returned_literal(path: Path, function: str) -> Any:
    """The literal that `function` in the file `path` returns, without executing the file."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            returned = node.body[-1]
            if isinstance(returned, ast.Return) and returned.value is not None:
                with contextlib.suppress(ValueError):  # computed
                    return ast.literal_eval(returned.value)
    raise ConfigError(f"{path.name}: no function {function} that returns a literal")


@functools.cache
def _template(text: str) -> Any:
    import jinja2

    # plain text for a model, not HTML: nothing may be escaped
    return jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True).from_string(text)  # noqa: S701


def _render(template: str, row: Row) -> str:
    if template in row:  # the bare name of a field, as lm-eval reads it
        return str(row[template])
    import jinja2

    try:
        return str(_template(template).render(**row))
    except jinja2.TemplateError as error:
        raise ConfigError(f"the prompt template {template!r} does not fit the row: {error}") from error


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
    import jinja2

    try:
        text = tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=not opened, continue_final_message=opened
        )
    except (jinja2.TemplateError, ValueError) as error:  # a role it refuses, an opening it drops
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"this checkpoint's chat template does not take the prompt: {reason}") from error
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])
