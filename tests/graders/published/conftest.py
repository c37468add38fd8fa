"""lm-eval's own graders as oracles, loaded from the installed package."""

import gzip
import importlib.metadata
import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from benchcore import Sample


def sample(target: str, **facts: object) -> Sample:
    return Sample(id="a", prompt="p", target=target, facts=facts)


def _utils(task: str) -> ModuleType:
    lm_eval = pytest.importorskip("lm_eval")
    path = Path(lm_eval.__file__).parent / "tasks" / task / "utils.py"
    spec = importlib.util.spec_from_file_location(f"lm_eval_{task}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def hendrycks_oracle() -> ModuleType:
    pytest.importorskip("datasets")
    return _utils("hendrycks_math")


@pytest.fixture(scope="session")
def minerva_oracle() -> Iterator[ModuleType]:
    """With sympy's parser, which asks for one version of antlr by its number alone."""
    pytest.importorskip("math_verify")
    installed = importlib.metadata.version
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            importlib.metadata, "version", lambda name: "4.11.0" if name.startswith("antlr4") else installed(name)
        )
        yield _utils("minerva_math")


@pytest.fixture(scope="session")
def golds() -> list[str]:
    """The answers of MATH's test problems, each once, sorted."""
    if not (place := os.environ.get("BENCHCORE_DATA")):
        pytest.skip("BENCHCORE_DATA does not name a folder with the data sets")
    lines = gzip.decompress((Path(place) / "math/test.jsonl.gz").read_bytes()).splitlines()
    return sorted({json.loads(line)["answer"] for line in lines})
