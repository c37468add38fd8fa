"""The transformer and its stories: what it sees, what counts, and that all of it comes from the seed."""

import math
import random
import re

import pytest
import torch

from benchcore.trainers.learning_law.stories import PAD, PATTERNS, spoilt, stories, story, vocabulary
from benchcore.trainers.learning_law.transformer import Transformer, spoilt_stories


def test_every_word_of_a_story_is_known_and_each_once() -> None:
    draw = random.Random(0)
    words = {word for _ in range(300) for word in story(draw)}
    assert words | {PAD} == set(vocabulary())
    assert len(set(vocabulary())) == len(vocabulary())
    assert vocabulary()[0] == PAD


def test_a_spoilt_story_differs_and_the_given_one_does_not() -> None:
    draw = random.Random(0)
    words = story(draw)
    before = list(words)
    assert spoilt(words, 9, draw) != words == before
    assert spoilt(["a", "b"], 40, draw)
    assert set(spoilt(words, 50, draw)) <= set(vocabulary())


def test_the_share_that_is_spoilt_is_that_asked_for() -> None:
    clean = re.compile("|".join(re.sub(r"{\w+}", r"[\\w ]+", one) for one in PATTERNS))
    made = stories(40, length=40, noisy=0.5, draw=random.Random(1))
    texts = [" ".join(vocabulary()[word] for word in row if word) for row in made.targets.tolist()]
    firsts = [vocabulary()[word] for word in made.inputs[:, 0].tolist()]
    read = [f"{first} {text}" for first, text in zip(firsts, texts, strict=True)]
    assert [bool(clean.fullmatch(one)) for one in read] == [False] * 20 + [True] * 20


def test_a_problem_is_that_of_its_seed_and_its_sets_are_apart() -> None:
    one, same, other = (spoilt_stories(seed=seed, train=8, desired=6, test=6, width=8, steps=3) for seed in (0, 0, 1))
    assert torch.equal(one.start, same.start)
    assert torch.equal(one.train.inputs, same.train.inputs)
    assert not torch.equal(one.start, other.start)
    assert not torch.equal(one.desired.inputs, one.test.inputs)


def test_it_starts_knowing_nothing_and_no_word_sees_the_next() -> None:
    problem = spoilt_stories(seed=0, train=6, desired=6, test=6, steps=3)
    learner = problem.learner
    assert isinstance(learner, Transformer)
    assert float(learner.losses(problem.start, problem.test).mean()) == pytest.approx(math.log(80), rel=0.15)
    logits = learner.logits(problem.start, problem.test.inputs)
    changed = problem.test.inputs.clone()
    changed[:, 9] = 3
    again = learner.logits(problem.start, changed)
    torch.testing.assert_close(logits[:, :9], again[:, :9])
    assert not torch.allclose(logits[:, 9:], again[:, 9:])


def test_padding_is_no_target() -> None:
    problem = spoilt_stories(seed=0, train=6, desired=6, test=6, length=40, steps=3)
    examples, learner = problem.desired, problem.learner
    assert isinstance(learner, Transformer)
    each = -learner.logits(problem.start, examples.inputs).log_softmax(-1)
    for at, loss in enumerate(learner.losses(problem.start, examples)):
        words = int((examples.targets[at] != 0).sum())
        assert words < 40
        right = each[at, range(words), examples.targets[at, :words]].mean()
        torch.testing.assert_close(loss, right)
