"""How fast a policy learns what no search has seen, and how near it is to the law of the fastest."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from benchcore.trainers.learning_law.learner import Examples
from benchcore.trainers.learning_law.problem import Problem
from benchcore.trainers.learning_law.trajectory import Trajectory
from benchcore.trainers.ledger import Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """How near a policy is to the Learning Law: all that has weight contributes alike, and what harms has none.

    `similarity` is the mean over steps of mean_gamma(CT_t) / sd(CT_t), the paper's SIM; it grows without bound as
    the law is met, and is None where no step weighs two examples. `idle_dropped` is the share without weight among
    the examples that contribute nothing or harm, CT <= 0, over all steps; it says something only beside
    `useful_dropped`, the same among the others. Each is None where there are none.
    """

    similarity: float | None
    idle_dropped: float | None
    useful_dropped: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The test loss at theta_1 .. theta_T under a policy, in nats, its compression ratio, and how it keeps the law."""

    losses: tuple[float, ...]
    compression: float
    law: Law


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """A policy beside conventional training, and beside the control: training on the desired examples themselves.

    `acceleration` and `auc_ratio` are on test examples and against conventional training; so are the control's.
    """

    policy: Course
    uniform: Course
    control: tuple[float, ...]

    @property
    def acceleration(self) -> float | None:
        """How many times fewer steps; None where it never gets there."""
        return acceleration(self.policy.losses, self.uniform.losses)

    @property
    def auc_ratio(self) -> float:
        """The area under the policy's curve by that under conventional training's."""
        return sum(self.policy.losses) / sum(self.uniform.losses)

    @property
    def control_acceleration(self) -> float | None:
        """The control's acceleration."""
        return acceleration(self.control, self.uniform.losses)

    @property
    def control_auc_ratio(self) -> float:
        """The control's ratio of areas."""
        return sum(self.control) / sum(self.uniform.losses)


def compare(problem: Problem, policy: torch.Tensor) -> Measures:
    """What `policy`, (T, N), does for the test examples of `problem`. It is on no bill: all recipes are judged."""
    desired = problem.on_desired()
    return Measures(
        policy=_course(problem, policy),
        uniform=_course(problem, problem.uniform()),
        control=curve(desired, desired.uniform(), problem.test),
    )


def curve(problem: Problem, policy: torch.Tensor, examples: Examples) -> tuple[float, ...]:
    """The mean loss of `examples` at theta_1 .. theta_T under `policy`, in nats."""
    judged = replace(problem, desired=examples)
    found: list[float] = Trajectory(judged, policy, Spent()).losses.tolist()
    return tuple(found)


def acceleration(losses: Sequence[float], baseline: Sequence[float]) -> float | None:
    """AR = T / min{t : L(theta_t) <= L_baseline(theta_T)}; both curves start at t = 1.

    None where no t is, and never 1 or infinity for it.
    """
    reached = next((t for t, loss in enumerate(losses, start=1) if loss <= baseline[-1]), None)
    return None if reached is None else len(baseline) / reached


def compression_ratio(losses: Sequence[float], outcomes: int) -> float:
    """CR = T log |V| / sum_{t=1..T} L(theta_t): how well a code of the model on its way compresses."""
    return len(losses) * math.log(outcomes) / sum(losses)


def contributions(problem: Problem, policy: torch.Tensor) -> torch.Tensor:
    """CT_{n,t} = grad L_dsr(theta_t) . grad l(x_n, theta_t) along the run under `policy`, (T, N)."""
    found = torch.empty_like(policy)
    for block, thetas in Trajectory(problem, policy, Spent()).backward():
        pulls = problem.learner.mean_gradients(thetas, problem.desired)
        for t, theta, pull in zip(block, thetas, pulls, strict=True):
            found[t] = problem.learner.slopes(theta, problem.train, pull)
    return found


def learning_law(policy: torch.Tensor, contributed: torch.Tensor) -> Law:
    """How near `policy` is to the law, from what `contributions` says of it; both (T, N).

    The mean is weighted, the standard deviation is not: it is of the examples that have weight, about that mean, with
    the divisor of a sample. Exponentiated updates leave weight on all.
    """
    weighed = policy > 0
    count = weighed.sum(1)
    mean = (policy * contributed).sum(1)
    squares = ((contributed - mean[:, None]).square() * weighed).sum(1)
    spread = (squares / (count - 1)).sqrt()
    several = (count > 1) & (spread > 0)
    return Law(
        similarity=float((mean / spread)[several].mean()) if bool(several.any()) else None,
        idle_dropped=_share(~weighed, contributed <= 0),
        useful_dropped=_share(~weighed, contributed > 0),
    )


def _share(which: torch.Tensor, among: torch.Tensor) -> float | None:
    return float((which & among).sum() / among.sum()) if bool(among.any()) else None


def _course(problem: Problem, policy: torch.Tensor) -> Course:
    losses = curve(problem, policy, problem.test)
    return Course(
        losses=losses,
        compression=compression_ratio(losses, problem.learner.outcomes),
        law=learning_law(policy, contributions(problem, policy)),
    )
