"""From a task and its samples to requests, a pure function: nothing depends on order, batch or machine."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchcore.records import Decode, Generation, Prompt, Request, Sample, Scoring, digest
from benchcore.task import Task


def plan(task: Task, samples: Sequence[Sample]) -> list[Request]:
    """Every request of `task` in the order of its samples, the trials of one sample side by side."""
    return [_request(task, sample, trial) for sample in samples for trial in range(task.trials)]


def _request(task: Task, sample: Sample, trial: int) -> Request:
    decode = task.decode
    asked = {"continuations": sample.continuations} if decode is None else _decode(decode)
    # the sample's id is part of the key, or two samples with one prompt would share an answer
    drawn = (trial, task.seed) if task.seed else (trial,)
    key = digest(task.name, task.version, sample.id, plain(sample.prompt), asked, *drawn)
    where: dict[str, Any] = {"key": key, "task": task.name, "sample": sample.id, "trial": trial}
    if decode is None:
        return Scoring(**where, prompt=sample.prompt, continuations=sample.continuations)
    return Generation(**where, prompt=sample.prompt, decode=decode, seed=int(key[:15], 16))


def settings(task: Task, data: str, limit: int | None) -> dict[str, Any]:
    """What decides a task's requests, by name: the part of a run's configuration that may not change."""
    chosen = {
        "version": task.version,
        "data": data,
        "limit": limit,
        "trials": task.trials,
        "seed": task.seed or None,
        **({} if task.decode is None else _decode(task.decode)),
    }
    return {name: value for name, value in chosen.items() if value is not None}


def _decode(decode: Decode) -> dict[str, Any]:
    # 0 and 0.0 are one temperature, but two JSON texts
    numbers = {name: float(getattr(decode, name)) for name in ("temperature", "top_p")}
    return {**asdict(decode), **numbers, "stop": list(decode.stop)}


def plain(prompt: Prompt) -> str | list[dict[str, str]]:
    """A prompt as JSON: the text itself, or a list of turns."""
    if isinstance(prompt, str):
        return prompt
    return [{"role": message.role, "content": message.content} for message in prompt]
