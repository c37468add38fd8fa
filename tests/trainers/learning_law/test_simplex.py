"""The projection on the simplex: against a solver of quadratic programs, and by what makes a point the nearest."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from benchcore.trainers.learning_law.simplex import project

points = st.lists(st.floats(-3, 3, allow_subnormal=False), min_size=1, max_size=8)


@given(points)
@settings(max_examples=60, deadline=None)
def test_it_solves_the_quadratic_program(point: list[float]) -> None:
    p = np.array(point)
    found = minimize(
        lambda x: 0.5 * float((x - p) @ (x - p)),
        np.full(len(p), 1 / len(p)),
        jac=lambda x: x - p,
        bounds=[(0, None)] * len(p),
        constraints={"type": "eq", "fun": lambda x: x.sum() - 1, "jac": lambda x: np.ones_like(x)},
        method="SLSQP",
        options={"ftol": 1e-18, "maxiter": 1000},
    )
    ours = project(torch.tensor([point], dtype=torch.float64))[0].numpy()
    np.testing.assert_allclose(ours, found.x, rtol=0, atol=1e-9)


@given(st.integers(1, 300), st.integers(0, 99), st.sampled_from([1e-6, 1.0, 100.0]))
def test_what_has_weight_moves_alike_and_the_rest_lies_lower(size: int, seed: int, scale: float) -> None:
    """The conditions of Karush, Kuhn and Tucker, which a convex program has for no other point."""
    draw = torch.Generator().manual_seed(seed)
    given_points = scale * torch.randn(3, size, generator=draw, dtype=torch.float64)
    for point, nearest in zip(given_points, project(given_points), strict=True):
        assert float(nearest.min()) >= 0
        assert abs(float(nearest.sum()) - 1) < 1e-12 * max(1, scale)
        tau = (point - nearest)[nearest > 0]
        assert float(tau.max() - tau.min()) < 1e-12 * max(1, scale)
        assert float((point[nearest == 0] - tau.mean()).clamp(min=0).sum()) < 1e-12 * max(1, scale) * size


def test_a_point_of_the_simplex_stays() -> None:
    point = torch.tensor([[0.2, 0.0, 0.5, 0.3]], dtype=torch.float64)
    torch.testing.assert_close(project(point), point)
    assert project(torch.tensor([[5.0, 1.0, -2.0]])).tolist() == [[1.0, 0.0, 0.0]]
