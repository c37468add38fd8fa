"""Log-likelihoods with transformers: each token is read once, however many continuations and requests share it."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
import torch

from benchcore.engines import Pulse
from benchcore.engines.embedded.reader import Reader
from benchcore.engines.memory import is_out_of_memory
from benchcore.engines.packing import Job, Tree, batches, chains, grow, pack, tokens_read
from benchcore.engines.window import Window
from benchcore.errors import MachineError
from benchcore.records import Completion, Finish, Score, Scoring

SLAB = 2**20  # tokens of requests that are looked at together, for what they share
# tokens in a batch: so many are worth padding, and more than so many are no faster
CPU = (256, 4096)
GPU = (4096, 2**15)

T = TypeVar("T")


class Pending:
    """A request with its continuations' sums so far."""

    __slots__ = ("jobs", "left", "request", "scores")

    def __init__(self, request: Scoring, window: Window) -> None:
        self.request = request
        self.scores = [(0.0, 0, True) for _ in request.continuations]
        self.jobs = [
            Job(stretch.tokens, stretch.scored, (self, which))
            for which, found in enumerate(window.stretches(request))
            for stretch in found
            if stretch.scored
        ]
        self.left = len(self.jobs)

    def add(self, which: int, job: Job, logprob: float, greedy: bool) -> None:
        """Count one job of the continuation `which`."""
        total, tokens, all_greedy = self.scores[which]
        self.scores[which] = (total + logprob, tokens + job.scored, all_greedy and greedy)
        self.left -= 1

    def completion(self, seconds: float) -> Completion:
        """What the engine answers. What continuations share counts once in `tokens_in`."""
        return Completion(
            request=self.request.key,
            text="",
            finish=Finish.STOP,
            tokens_in=tokens_read(self.jobs),
            tokens_out=0,
            seconds=seconds,
            scores=tuple(
                Score(logprob=logprob, tokens=tokens, greedy=greedy) for logprob, tokens, greedy in self.scores
            ),
        )

    @property
    def windows(self) -> list[Job]:
        """Jobs in which all but the first token is scored, which have nothing in common."""
        return [job for job in self.jobs if not job.stem]

    @property
    def shared(self) -> list[Job]:
        """Jobs that begin with the prompt."""
        return [job for job in self.jobs if job.stem]


class Scorer:
    """Scores continuations with what `reader` reads.

    `budget` is how many bytes a batch may take, `rows` the most rows in a batch; None leaves it to the budget.
    """

    def __init__(
        self, reader: Reader, window: Window, device: torch.device, *, budget: int, rows: int | None = None
    ) -> None:
        self._reader = reader
        self._window = window
        self._device = device
        self._budget = budget
        self._rows = rows or 2**31
        self._least, self._most = CPU if device.type == "cpu" else GPU

    def answer(self, requests: Sequence[Scoring], pulse: Pulse) -> Iterator[Completion]:
        """Yield one completion a request, batch by batch; `pulse(n)` reports n tokens read.

        Raises `MachineError` when a single sequence does not fit into memory.
        """
        for slab in self._slabs(requests):
            started = time.perf_counter()
            for one in slab:
                if not one.left:
                    yield one.completion(time.perf_counter() - started)
            for trees in self._packed(slab):
                yield from self._family(trees, pulse)

    def _slabs(self, requests: Sequence[Scoring]) -> Iterator[list[Pending]]:
        slab: list[Pending] = []
        tokens = 0
        for request in requests:
            slab.append(Pending(request, self._window))
            tokens += sum(len(job.tokens) for job in slab[-1].jobs)
            if tokens > SLAB:
                yield slab
                slab, tokens = [], 0
        yield slab

    def _packed(self, slab: Sequence[Pending]) -> Iterator[list[Tree]]:
        """Trees of one prefix together, where the model reads trees."""
        if self._reader.trees:
            yield from pack([one.shared for one in slab], min(self._window.last + 1, self._reader.reach))
            yield chains(job for one in slab for job in one.windows)
        else:
            yield chains(job for one in slab for job in one.jobs)

    def _family(self, trees: list[Tree], pulse: Pulse) -> Iterator[Completion]:
        prefix = trees[0].prefix if trees else ()
        cache = None
        if prefix:
            cache = self._spared(lambda: self._reader.begin(prefix))
            if cache is None:
                trees = chains(job for tree in trees for job in tree.jobs)
            else:
                pulse(len(prefix))

        def fits(rows: int, width: int) -> bool:
            within = rows <= self._rows and rows * width <= self._most
            return within and self._reader.need(rows, width, len(prefix)) <= self._budget

        for alike in ([tree for tree in trees if tree.chain], [tree for tree in trees if not tree.chain]):
            for batch in batches(alike, self._least, fits):
                yield from self._batch(batch, cache, pulse)

    def _batch(self, trees: list[Tree], cache: Any, pulse: Pulse) -> Iterator[Completion]:
        started = time.perf_counter()
        found = self._spared(lambda: self._scores(trees, cache))
        if found is None:
            self._most = max(1, sum(len(tree.tokens) for tree in trees) // 2)
            for half in _halves(trees):
                yield from self._batch(half, cache, pulse)
            return
        pulse(sum(len(tree.tokens) for tree in trees))
        for job, logprob, greedy in found:
            pending, which = job.owner
            pending.add(which, job, logprob, greedy)
            if not pending.left:
                yield pending.completion(time.perf_counter() - started)

    def _spared(self, work: Callable[[], T]) -> T | None:
        """What `work` returns, or None if memory did not suffice."""
        try:
            with torch.inference_mode():
                return work()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        # only here, where no frame of the failed work holds on to its tensors
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        return None

    def _scores(self, trees: list[Tree], cache: Any) -> list[tuple[Job, float, bool]]:
        """Each job's log-likelihood, and whether each of its tokens is the likeliest."""
        hidden = self._reader.read(trees, cache)
        width = hidden.shape[1]
        jobs = [job for tree in trees for job in tree.jobs]
        places = [row * width + at for row, tree in enumerate(trees) for path in tree.paths for at in path]
        wanted = [token for job in jobs for token in job.tokens[-job.scored :]]
        # tokens that follow the same text come from the same logits
        distinct, which = np.unique(places, return_inverse=True)
        order = np.argsort(which, kind="stable")
        which, targets = which[order], torch.tensor(wanted)[order].to(self._device)
        hidden = hidden.flatten(0, 1)[torch.from_numpy(distinct).to(self._device)]
        logprobs, greedy = [], []
        for start in range(0, len(distinct), self._reader.chunk):
            # log_softmax as lm-eval takes it: its rounding on a CPU, 1e-5 a token, is then the same
            chances = self._reader.logits(hidden[start : start + self._reader.chunk]).log_softmax(dim=-1)
            low, high = np.searchsorted(which, (start, start + len(chances)))
            rows, tokens = torch.from_numpy(which[low:high] - start).to(self._device), targets[low:high]
            logprobs.append(chances[rows, tokens])
            greedy.append(chances.argmax(dim=-1)[rows] == tokens)
        back = np.argsort(order)
        values = torch.cat(logprobs).cpu().double().numpy()[back]
        likeliest = torch.cat(greedy).cpu().numpy()[back]
        ends = np.cumsum([job.scored for job in jobs])[:-1]
        return [
            (job, float(value.sum()), bool(best.all()))
            for job, value, best in zip(jobs, np.split(values, ends), np.split(likeliest, ends), strict=True)
        ]


def _halves(trees: list[Tree]) -> list[list[Tree]]:
    """The same jobs in two batches. Raises `MachineError` where there is but one."""
    if len(trees) > 1:
        return [trees[: len(trees) // 2], trees[len(trees) // 2 :]]
    [tree] = trees
    if len(tree.jobs) == 1:
        length = len(tree.prefix) + len(tree.tokens)
        raise MachineError(
            f"scoring a single sequence of {length} tokens takes more memory than the device has left",
            "use a device with more memory, or dtype bfloat16",
        )
    half = len(tree.jobs) // 2
    return [[grow(jobs, tree.prefix)] for jobs in (tree.jobs[:half], tree.jobs[half:])]
