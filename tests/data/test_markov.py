"""The generated corpus: its process, its noise and its marks are what its description says."""

import hashlib
import math
import re
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.data.markov import SYMBOLS, noisy_markov
from benchcore.errors import ConfigError

Followers = dict[tuple[int, str], Counter[str]]


def joined(**settings: int | float) -> tuple[str, str]:
    """One long document and its marks."""
    (found,) = noisy_markov(length=settings["tokens"], **settings)  # type: ignore[arg-type]
    assert found.marks is not None
    return found.text, found.marks


def followers(text: str, marks: str) -> Followers:
    """How often each character follows in each context, where the marks say that it follows the process."""
    found: Followers = defaultdict(Counter)
    for place in range(2, len(text)):
        if marks[place] == "1":
            context = SYMBOLS.index(text[place - 2]) % 8, text[place - 1]
            found[context][text[place]] += 1
    return found


def test_the_process_has_the_entropy_that_it_should() -> None:
    found = followers(*joined(tokens=300_000, noise=0))
    assert len(found) <= 512 and all(len(counts) <= 4 for counts in found.values())
    nats = [-count * math.log(count / counts.total()) for counts in found.values() for count in counts.values()]
    total = sum(counts.total() for counts in found.values())
    assert sum(nats) / total == pytest.approx(0.914, abs=0.01)
    likeliest = sum(counts.most_common(1)[0][1] for counts in found.values())
    assert likeliest / total == pytest.approx(0.70, abs=0.01)


def test_runs_and_noise_are_as_long_as_they_should_be() -> None:
    text, marks = joined(tokens=200_000)
    assert marks.count("1") / len(marks) == pytest.approx(0.48, abs=0.01)
    followed, free = (re.findall(f"{mark}+", marks) for mark in "10")
    # a run is counted with the two characters that begin it
    assert round(len("".join(followed)) / len(followed) + 2) == 9
    assert round(len("".join(free)) / len(free) - 2) == 6
    assert min(map(len, free[:-1])) >= 2
    assert all(len(counts) <= 4 for counts in followers(text, marks).values())


def test_noise_is_uniform() -> None:
    text, marks = joined(tokens=200_000)
    counts = Counter(symbol for symbol, mark in zip(text, marks, strict=True) if mark == "0")
    expected = counts.total() / 64
    assert set(counts) <= set(SYMBOLS) and len(SYMBOLS) == len(set(SYMBOLS)) == 64
    statistic = sum((counts[symbol] - expected) ** 2 / expected for symbol in SYMBOLS)
    assert statistic < 63 + 5 * math.sqrt(2 * 63)


@pytest.mark.parametrize("noise", [0.3, 0.7])
def test_the_share_of_noise_is_what_is_asked_for(noise: float) -> None:
    _, marks = joined(tokens=200_000, noise=noise)
    assert marks.count("0") / len(marks) == pytest.approx(noise, abs=0.01)


def test_another_draw_is_of_the_same_process_and_another_source_is_not() -> None:
    first = followers(*joined(tokens=100_000, noise=0))

    def foreign(**settings: int | float) -> float:
        """The share of characters that the first draw's process would not have made."""
        other = followers(*joined(tokens=20_000, noise=0, **settings))
        strange = sum(
            count
            for context, counts in other.items()
            for follower, count in counts.items()
            if follower not in first[context]
        )
        return strange / sum(counts.total() for counts in other.values())

    assert foreign(seed=1) < 0.01
    assert foreign(source=1) > 0.5


def test_the_same_settings_give_the_same_text_on_every_machine() -> None:
    documents = list(noisy_markov(tokens=2000, seed=3, source=5))
    assert documents == list(noisy_markov(tokens=2000, seed=3, source=5))
    assert documents != list(noisy_markov(tokens=2000, seed=4, source=5))
    assert list(noisy_markov(tokens=2000, noise=0)) == list(noisy_markov(tokens=2000, noise=0.0))
    pin = hashlib.sha256("".join(f"{one.text}{one.marks}" for one in documents).encode()).hexdigest()
    assert pin[:16] == "60fd4d8e444454e3"


@given(tokens=st.integers(1, 3000), length=st.integers(1, 700), noise=st.sampled_from([0, 0.3, 0.52]))
def test_documents_have_their_length_and_a_mark_a_character(tokens: int, length: int, noise: float) -> None:
    documents = list(noisy_markov(tokens=tokens, length=length, noise=noise))
    assert sum(len(one.text) for one in documents) == tokens
    assert all(len(one.text) == length for one in documents[:-1])
    marks = [one.marks or "" for one in documents]
    assert [len(one) for one in marks] == [len(one.text) for one in documents]
    # nothing comes before a document that its beginning could follow from
    assert all(not one[:2].strip("0") for one in marks)
    if noise == 0:
        assert all(not one[2:].strip("1") for one in marks)


@pytest.mark.parametrize(
    "settings",
    [{"tokens": 0}, {"tokens": 5, "length": 0}, *({"tokens": 5, "noise": n} for n in (-1, 0.2, 1.0, math.nan))],
)
def test_nonsense_is_refused(settings: dict[str, int | float]) -> None:
    with pytest.raises(ConfigError, match="a generated corpus"):
        next(noisy_markov(**settings))  # type: ignore[arg-type]
