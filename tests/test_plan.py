"""Requests: their keys are a pure function of task, sample, prompt, decoding and trial."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.data.source import generated
from benchcore.graders.numbers import numbers
from benchcore.metrics.rates import accuracy
from benchcore.plan import plain, plan, settings
from benchcore.records import Decode, Message, Prompt, Request, Sample
from benchcore.task import Task

TEXTS = st.text(max_size=12)
MESSAGES = st.lists(
    st.builds(Message, role=st.sampled_from(["system", "user", "assistant"]), content=TEXTS), min_size=1, max_size=3
)
PROMPTS: st.SearchStrategy[Prompt] = st.one_of(TEXTS, MESSAGES.map(tuple))
DECODES = st.builds(
    Decode,
    max_tokens=st.integers(1, 4096),
    temperature=st.floats(0.1, 2),
    top_p=st.floats(0.1, 1),
    stop=st.lists(st.text(min_size=1, max_size=4), max_size=3).map(tuple),
)
SAMPLES = st.lists(
    st.builds(Sample, id=TEXTS, prompt=PROMPTS, target=TEXTS), min_size=1, max_size=6, unique_by=lambda each: each.id
)


def never(row: Any) -> Sample:
    raise AssertionError("planning reads no rows")


def task(**changes: Any) -> Task:
    parts: dict[str, Any] = {
        "name": "sums",
        "version": 1,
        "rows": generated(lambda seed: []),
        "sample": never,
        "decode": Decode(max_tokens=8, temperature=0.5, stop=("\n",)),
        "grader": numbers(),
        "metrics": (accuracy(),),
    }
    return Task(**{**parts, **changes})


def one(sample: Sample, **changes: Any) -> Request:
    (request,) = plan(task(**changes), [sample])
    return request


ONE = Sample(id="a", prompt="What is 1 + 1?", target="2")


@given(SAMPLES, DECODES, st.integers(1, 3))
def test_requests_follow_the_samples_with_their_trials_side_by_side(
    samples: list[Sample], decode: Decode, trials: int
) -> None:
    requests = plan(task(decode=decode, trials=trials), samples)
    assert [(r.sample, r.trial) for r in requests] == [(s.id, t) for s in samples for t in range(trials)]
    assert [r.prompt for r in requests] == [s.prompt for s in samples for _ in range(trials)]
    assert {(r.task, r.decode) for r in requests} == {("sums", decode)}


@given(SAMPLES, st.randoms(use_true_random=False), st.integers(1, 6))
def test_neither_the_order_nor_the_number_of_samples_changes_a_key(
    samples: list[Sample], shuffle: Any, limit: int
) -> None:
    whole = {request.sample: request for request in plan(task(), samples)}
    shuffled = shuffle.sample(samples, len(samples))[:limit]
    assert all(whole[request.sample] == request for request in plan(task(), shuffled))


@given(SAMPLES, st.integers(1, 3))
def test_more_trials_keep_the_keys_of_the_first_ones(samples: list[Sample], trials: int) -> None:
    fewer = {request.key for request in plan(task(trials=trials), samples)}
    more = {request.key for request in plan(task(trials=trials + 1), samples)}
    assert fewer < more


@given(SAMPLES, st.integers(1, 3), PROMPTS)
def test_keys_and_seeds_are_distinct_even_where_all_prompts_are_one(
    samples: list[Sample], trials: int, prompt: Prompt
) -> None:
    requests = plan(task(trials=trials), [replace(sample, prompt=prompt) for sample in samples])
    assert len({r.key for r in requests}) == len({r.seed for r in requests}) == len(samples) * trials


@given(SAMPLES, DECODES)
def test_seeds_are_whole_numbers_within_63_bits(samples: list[Sample], decode: Decode) -> None:
    assert all(0 <= request.seed < 2**63 for request in plan(task(decode=decode), samples))


def test_seeds_use_most_of_their_bits() -> None:
    seeds = [one(replace(ONE, id=str(number))).seed for number in range(64)]
    assert max(seeds) > 2**59


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "sums@instruct"},
        {"version": 2},
        {"decode": Decode(max_tokens=9, temperature=0.5, stop=("\n",))},
        {"decode": Decode(max_tokens=8, temperature=0.25, stop=("\n",))},
        {"decode": Decode(max_tokens=8, temperature=0.5, stop=("\n",), top_p=0.9)},
        {"decode": Decode(max_tokens=8, temperature=0.5, stop=("\n", "Q:"))},
        {"decode": Decode(max_tokens=8, temperature=0.5)},
    ],
    ids=["name", "version", "max_tokens", "temperature", "top_p", "another stop", "no stop"],
)
def test_a_changed_task_changes_every_key(changes: dict[str, Any]) -> None:
    assert one(ONE, **changes).key != one(ONE).key


@pytest.mark.parametrize(
    "other", [replace(ONE, id="b"), replace(ONE, prompt="What is 1 + 1? ")], ids=["id", "trailing space"]
)
def test_another_id_or_prompt_changes_the_key(other: Sample) -> None:
    assert one(other).key != one(ONE).key


@given(st.sampled_from([{"target": "3"}, {"group": "sums"}, {"facts": {"level": "1"}}]))
def test_what_only_the_grader_sees_leaves_the_key_alone(changes: dict[str, Any]) -> None:
    assert one(replace(ONE, **changes)).key == one(ONE).key


@given(PROMPTS, PROMPTS)
def test_two_prompts_have_one_key_only_where_they_are_equal(first: Prompt, second: Prompt) -> None:
    keys = [one(replace(ONE, prompt=prompt)).key for prompt in (first, second)]
    assert (keys[0] == keys[1]) == (first == second)


@given(TEXTS)
def test_a_message_and_the_same_text_have_different_keys(text: str) -> None:
    chat = (Message(role="user", content=text),)
    keys = {one(replace(ONE, prompt=prompt)).key for prompt in (text, chat, str(plain(chat)))}
    assert len(keys) == 3


def test_a_temperature_written_as_a_whole_number_is_the_same_temperature() -> None:
    whole, point = (Decode(max_tokens=8, temperature=value, top_p=value) for value in (1, 1.0))
    assert one(ONE, decode=whole).key == one(ONE, decode=point).key


def test_a_key_is_the_same_on_every_machine_and_in_every_release() -> None:
    assert one(ONE).key == "2da15939d7acd9c690d9ead98ae8d6f8"


@pytest.mark.parametrize(
    ("make", "changed"),
    [
        (lambda: settings(task(version=2), "d1", None), {"version"}),
        (lambda: settings(task(), "d2", None), {"data"}),
        (lambda: settings(task(), "d1", 5), {"limit"}),
        (lambda: settings(task(trials=2), "d1", None), {"trials"}),
        (lambda: settings(task(decode=Decode(max_tokens=8, temperature=0.5)), "d1", None), {"stop"}),
        (lambda: settings(task(decode=Decode(max_tokens=9, stop=("\n",))), "d1", None), {"max_tokens", "temperature"}),
    ],
)
def test_settings_show_by_name_what_was_changed(make: Callable[[], dict[str, Any]], changed: set[str]) -> None:
    before, after = settings(task(), "d1", None), make()
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == changed


def test_settings_hold_nothing_that_toml_cannot() -> None:
    assert None not in settings(task(), "d1", None).values()
    assert settings(task(), "d1", None)["stop"] == ["\n"]
