"""The simplex: weights that are not negative and sum to 1."""

import torch


def project(points: torch.Tensor) -> torch.Tensor:
    """The nearest point of the simplex to each row of `points`, (rows, n), in Euclidean distance.

    It is max(point - tau, 0) with the one tau that makes the sum 1, which a sort finds in O(n log n).
    Source: Held, Wolfe and Crowder 1974, Mathematical Programming 6:62, as in Duchi et al. 2008, ICML, figure 1.
    """
    falling = points.sort(dim=1, descending=True).values
    excess = falling.cumsum(1) - 1
    count = torch.arange(1, points.shape[1] + 1, device=points.device)
    support = (falling * count > excess).sum(1, keepdim=True)
    tau = excess.gather(1, support - 1) / support
    return (points - tau).clamp(min=0)
