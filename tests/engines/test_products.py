"""Products by the other library are the same products."""

import pytest
import torch

from benchcore.engines.embedded import products
from benchcore.engines.embedded.products import hasten, product


@pytest.fixture(params=[True, False], ids=["onednn", "mkl"])
def _library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param and not torch.backends.mkldnn.is_available():
        pytest.skip("this PyTorch has no oneDNN")
    monkeypatch.setattr(products, "onednn_is_faster", lambda: request.param)


@pytest.mark.usefixtures("_library")
@pytest.mark.parametrize("rows", [1, 15, 16, 70])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_product_is_that_of_torch(rows: int, dtype: torch.dtype) -> None:
    one, two = torch.randn(rows, 24, dtype=dtype), torch.randn(24, 33, dtype=dtype)
    torch.testing.assert_close(product(one, two), one @ two)
    torch.testing.assert_close(product(one, two.T.contiguous().T), one @ two)


@pytest.mark.usefixtures("_library")
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3, 24), (40, 24), (2, 30, 24)])
def test_a_hastened_layer_computes_the_same_and_follows_its_weights(shape: tuple[int, ...], bias: bool) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(24, 33, bias=bias))
    inputs = torch.randn(shape)
    with torch.inference_mode():
        expected = model(inputs)
        hasten(model)
        torch.testing.assert_close(model(inputs), expected)
        model[0].weight.data.mul_(2)
        assert not torch.allclose(model(inputs), expected)
