"""Which engine `auto` means, with vLLM and its builds present or absent."""

import json
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from benchcore.engines import choice
from benchcore.engines.choice import choose

REGISTRY = """
_TEXT_GENERATION_MODELS = {
    # a comment
    "LlamaForCausalLM": ("llama", "LlamaForCausalLM"),
    **({"NewForCausalLM": ("new", "New")}),
}
_EMBEDDING_MODELS = {"BertModel": ("bert", "BertModel")}
_TRANSFORMERS_SUPPORTED_MODELS = {"GPTNeoXForCausalLM": ("transformers", "TransformersForCausalLM")}
"""


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A vLLM that is installed, in its CPU build; its registry of models."""
    registry = tmp_path / "vllm/model_executor/models/registry.py"
    registry.parent.mkdir(parents=True)
    registry.write_text(REGISTRY)
    spec = ModuleSpec("vllm", None, origin=str(tmp_path / "vllm/__init__.py"))
    monkeypatch.setattr(choice.importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setattr(choice, "_installed", lambda name: True)
    return registry


def folder(place: Path, *architectures: str) -> Path:
    place.mkdir()
    (place / "config.json").write_text(json.dumps({"architectures": architectures} if architectures else {}))
    return place


def test_without_vllm_it_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice.importlib.util, "find_spec", lambda name: None)
    assert choose("auto") == ("embedded", "vLLM is not installed")
    assert choose("vllm") == ("vllm", "asked for")


@pytest.mark.usefixtures("vllm")
def test_vllm_for_gpus_needs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_installed", lambda name: False)
    monkeypatch.setattr(choice.shutil, "which", lambda name: None)
    assert choose("auto") == ("embedded", "vLLM is installed, but there is no NVIDIA GPU")
    monkeypatch.setattr(choice.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    assert choose("auto")[0] == "vllm"


@pytest.mark.usefixtures("vllm")
def test_it_is_vllm_for_models_of_its_registry(tmp_path: Path) -> None:
    llama = folder(tmp_path / "a", "LlamaForCausalLM")
    neox = folder(tmp_path / "b", "GPTNeoXForCausalLM")
    assert choose("auto", [llama, neox]) == ("vllm", "vLLM's CPU build is installed")


@pytest.mark.usefixtures("vllm")
def test_one_checkpoint_that_vllm_does_not_know_makes_it_embedded_for_all(tmp_path: Path) -> None:
    folders = [folder(tmp_path / "a", "LlamaForCausalLM"), folder(tmp_path / "b", "BertModel")]
    assert choose("auto", folders) == ("embedded", "vLLM has no model for BertModel")
    assert choose("vllm", folders) == ("vllm", "asked for")
    nameless = folder(tmp_path / "c")
    assert choose("auto", [nameless])[1] == "vLLM has no model for c, whose config.json names no architecture"


def test_a_registry_that_looks_different_refuses_nothing(vllm: Path, tmp_path: Path) -> None:
    other = folder(tmp_path / "a", "OtherForCausalLM")
    for text in ("MODELS = ()", "not python ("):
        vllm.write_text(text)
        assert choose("auto", [other])[0] == "vllm"
    vllm.unlink()
    assert choose("auto", [other])[0] == "vllm"
