"""How the area under the curve changes with each weight of a policy, exactly, by one pass back along the run."""

import torch

from benchcore.trainers.learning_law.trajectory import Trajectory

TOGETHER = 8  # points whose g_t are found in one product, and held


def policy_gradient(trajectory: Trajectory) -> torch.Tensor:
    """dJ / dgamma_{n,t} at the policy of `trajectory`, (T, N).

    With g_t = grad L_dsr(theta_t) and H_t = sum_n gamma_{n,t} hess l(x_n, theta_t), the adjoint lambda_t is the
    gradient of sum_{s>=t} L_dsr(theta_s) with respect to theta_t, and obeys
        lambda_T = g_T,
        dJ / dgamma_{n,t} = -eta grad l(x_n, theta_t) . lambda_{t+1},
        lambda_t = g_t + lambda_{t+1} - eta H_t lambda_{t+1}.
    It is the reverse-mode derivative of J through all T steps (arXiv 2402.17759), written out.
    """
    problem, policy, spent = trajectory.problem, trajectory.policy, trajectory.spent
    learner, cost = problem.learner, problem.learner.cost
    wanted, used = len(problem.desired), len(problem.train)
    found = torch.empty_like(policy)
    (adjoint,) = learner.mean_gradients(trajectory.last[None], problem.desired)
    spent.add(forwarded=wanted * cost.tokens, flops=wanted * cost.gradient)
    for block, thetas in trajectory.backward():
        for first in reversed(range(0, len(block), TOGETHER)):
            points = thetas[first : first + TOGETHER]
            pulls = learner.mean_gradients(points, problem.desired)
            for at in reversed(range(len(points))):
                t = block[first + at]
                slopes, bend = learner.curvature(points[at], problem.train, policy[t], adjoint)
                found[t] = -problem.rate * slopes
                adjoint = pulls[at] + adjoint - problem.rate * bend
        tokens = len(block) * (wanted + used) * cost.tokens
        spent.add(forwarded=tokens, flops=len(block) * (wanted * cost.gradient + used * cost.curvature))
    return found
