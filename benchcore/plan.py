"""From a task and its samples to requests, a pure function: nothing depends on order, batch or machine."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchcore.records import Prompt, Request, Sample, digest
from benchcore.task import Task


def plan(task: Task, samples: Sequence[Sample]) -> list[Request]:
    """Every request of `task` in the order of its samples, the trials of one sample side by side."""
    decode = _decode(task)
    requests = []
    for sample in samples:
        prompt = plain(sample.prompt)
        for trial in range(task.trials):
            # the sample's id is part of the key, or two samples with one prompt would share an answer
            key = digest(task.name, task.version, sample.id, prompt, decode, trial)
            requests.append(
                Request(
                    key=key,
                    task=task.name,
                    sample=sample.id,
                    trial=trial,
                    prompt=sample.prompt,
                    decode=task.decode,
                    seed=int(key[:15], 16),
                )
            )
    return requests


def settings(task: Task, data: str, limit: int | None) -> dict[str, Any]:
    """What decides a task's requests, by name: the part of a run's configuration that may not change."""
    chosen = {
        "version": task.version,
        "data": data,
        "limit": limit,
        "trials": task.trials,
        **_decode(task),
    }
    return {name: value for name, value in chosen.items() if value is not None}


def _decode(task: Task) -> dict[str, Any]:
    decode = asdict(task.decode)
    # 0 and 0.0 are one temperature, but two JSON texts
    numbers = {name: float(decode[name]) for name in ("temperature", "top_p")}
    return {**decode, **numbers, "stop": list(task.decode.stop)}


def plain(prompt: Prompt) -> str | list[dict[str, str]]:
    """A prompt as JSON: the text itself, or a list of turns."""
    if isinstance(prompt, str):
        return prompt
    return [{"role": message.role, "content": message.content} for message in prompt]
