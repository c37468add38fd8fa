"""Trees of sequences that begin alike, and how they are packed into rows."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchcore.engines.packing import PASS, Job, families, grow, pack, size

JOBS = st.lists(
    st.lists(st.integers(2, 4), min_size=2, max_size=9).flatmap(
        lambda tokens: st.builds(Job, st.just(tuple(tokens)), st.integers(1, len(tokens) - 1), st.none())
    ),
    min_size=1,
    max_size=8,
)


@given(jobs=JOBS)
def test_in_a_tree_each_token_sees_what_its_sequence_has_before_it(jobs: list[Job]) -> None:
    tree = grow(jobs)
    sees = tree.sees()
    assert len(tree.tokens) == len({job.read[:end] for job in jobs for end in range(1, len(job.read) + 1)})
    assert size(jobs) == len(tree.tokens)
    assert sorted(map(repr, tree.jobs)) == sorted(map(repr, jobs))
    for job, path in zip(tree.jobs, tree.paths, strict=True):
        for at, node in enumerate(path):
            seen = [int(one) for one in sees[node].nonzero()[0]]
            assert [tree.tokens[one] for one in seen] == list(job.read[: job.stem + at + 1])
            assert [tree.positions[one] for one in seen] == list(range(len(seen)))


@given(requests=st.lists(JOBS, max_size=8), most=st.integers(8, 40))
def test_packing_loses_nothing_and_keeps_to_the_room(requests: list[list[Job]], most: int) -> None:
    packed = list(pack(requests, most))
    trees = [tree for family in packed for tree in family]
    assert sorted(repr(job) for tree in trees for job in tree.jobs) == sorted(
        repr(job) for own in requests for job in own
    )
    for family in packed:
        assert len({tree.prefix for tree in family}) == 1
        for tree in family:
            assert len(tree.prefix) + len(tree.tokens) <= most
            for job in tree.jobs:
                assert job.tokens[: len(tree.prefix)] == tree.prefix and len(tree.prefix) <= job.stem


def test_families_share_the_beginning_that_saves_most() -> None:
    def stem(*parts: tuple[int, int]) -> Any:
        return np.concatenate([np.full(count, token, dtype=">u4") for token, count in parts])

    subjects = [stem((1, 60), (subject, 500), (100 + at, 5)) for subject in (2, 3) for at in range(20)]
    assert families(subjects) == [(0, 20, 560), (20, 40, 560)]
    alike = [stem((1, 60), (at, 500)) for at in range(2, 20)]
    assert families(alike) == [(0, 18, 60)]
    assert families([stem((1, PASS - 1), (2, 9)), stem((1, PASS - 1), (3, 9))]) == [(0, 1, 0), (1, 2, 0)]
    assert families([]) == []
