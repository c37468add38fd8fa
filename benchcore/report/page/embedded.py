"""The samples of a task inside the page: JSON, compressed, as base64."""

import base64
import json
import zlib
from bisect import bisect
from collections.abc import Iterable, Iterator

from benchcore.comparison.samples import Attempt, SharedSample

LEVEL = 4  # a twentieth more bytes than level 9, in less than half the time


def embedded(samples: Iterable[SharedSample]) -> str:
    """`samples` as the viewer reads them: base64 of a gzip stream of a JSON list with a row a sample.

    A row is [id, group, kept, prompt, target, attempts]: `prompt` goes on after the first `kept` UTF-16 units of the
    prompt before it, as prompts of one task begin alike. `attempts[run][trial]` are an attempt's fields in order.
    Samples are taken one at a time: what grows with their number is the compressed text alone.
    """
    packer = zlib.compressobj(LEVEL, wbits=31)
    packed = b"".join(packer.compress(part.encode()) for part in _parts(samples))
    return base64.b64encode(packed + packer.flush()).decode()


def _parts(samples: Iterable[SharedSample]) -> Iterator[str]:
    before, lead = "", "["
    for sample in samples:
        shared = _common_beginning(before, sample.prompt)
        row = (
            sample.id,
            sample.group,
            len(shared.encode("utf-16-le", "surrogatepass")) // 2,
            sample.prompt[len(shared) :],
            sample.target,
            [[_fields(attempt) for attempt in trials] for trials in sample.attempts],
        )
        yield lead + json.dumps(row, separators=(",", ":"), allow_nan=False)
        before, lead = sample.prompt, ","
    yield "]" if lead == "," else "[]"


def _common_beginning(one: str, other: str) -> str:
    # by halves: character by character is slow for prompts of many examples
    most = min(len(one), len(other))
    return one[: bisect(range(1, most + 1), False, key=lambda size: one[:size] != other[:size])]


def _fields(one: Attempt) -> tuple[str | float | None, ...]:
    return (
        one.text, one.extracted, one.verdict, one.value, one.rule, one.reason, one.finish, one.fault, one.tokens_out
    )  # fmt: skip
