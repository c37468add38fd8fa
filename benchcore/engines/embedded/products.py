"""Matrix products on a CPU by the library that is fast there.

On AMD's CPUs with AVX-512, PyTorch's single-precision products go through MKL, which does not use AVX-512 there;
oneDNN, which PyTorch brings along as well, does, and is twice as fast for 16 rows and more.
"""

import functools
from pathlib import Path
from typing import Any

import torch

FEWEST = 16  # rows; below, MKL is the faster


@functools.cache
def onednn_is_faster() -> bool:
    """Whether single-precision products on this machine's CPU are better left to oneDNN."""
    try:
        other = "AuthenticAMD" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return (
        other
        and bool(torch.backends.mkl.is_available())
        and bool(torch.backends.mkldnn.is_available())
        and torch.backends.cpu.get_cpu_capability() == "AVX512"
    )


def _suits(one: torch.Tensor) -> bool:
    return one.dtype == torch.float32 and one.device.type == "cpu" and onednn_is_faster()


def _fits(rows: int, one: torch.Tensor) -> bool:
    return rows >= FEWEST and _suits(one)


def _linear(inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    return torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")


def product(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """The matrix product of (rows, k) with (k, columns)."""
    return _linear(one, two.mT, None) if _fits(len(one), one) else one @ two


def hasten(model: Any) -> None:
    """Let a model's linear layers use oneDNN where it is faster; they stay the same modules with the same weights."""
    for module in model.modules():
        # on a GPU, or in another number format, asking at every step would only cost time
        if type(module) is torch.nn.Linear and _suits(module.weight):
            module.forward = functools.partial(_forward, module)


def _forward(layer: Any, inputs: torch.Tensor) -> torch.Tensor:
    if _fits(inputs.numel() // inputs.shape[-1], inputs):
        return _linear(inputs, layer.weight, layer.bias)
    return torch.nn.functional.linear(inputs, layer.weight, layer.bias)
