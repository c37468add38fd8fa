"""Weights from safetensors into a model: a fresh one, or one that has those of a checkpoint of the same kind."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from benchcore.checkpoint import BEHAVIOUR
from benchcore.engines.memory import is_out_of_memory
from benchcore.errors import CheckpointError, MachineError


def load(path: Path, dtype: str, device: torch.device, *, trust_remote_code: bool) -> Any:
    """The model in `path`, in evaluation mode on `device`. Raises `CheckpointError` or `MachineError`."""
    import transformers

    try:
        model, loaded = transformers.AutoModelForCausalLM.from_pretrained(
            path,
            dtype=getattr(torch, dtype),
            trust_remote_code=trust_remote_code,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
        )
        model = model.to(device)
    except Exception as error:  # a boundary: configs and weights of any origin raise nearly anything
        if is_out_of_memory(error):
            raise MachineError(f"{path} does not fit into the device's memory") from error
        why = str(error).strip().partition("\n")[0] or type(error).__name__
        raise CheckpointError(f"{path} does not load: {why}") from error
    _refuse_lack(path, [*loaded["missing_keys"], *(str(key) for key in loaded["mismatched_keys"])])
    return model.eval()


@torch.inference_mode()  # type: ignore[untyped-decorator]  # torch's decorators are untyped
def swap(model: Any, old: Path, new: Path) -> bool:
    """Put the weights of `new` into `model`, which has those of `old`; False where that takes a fresh model.

    It does when anything beside the weights differs, when tensors have other names or shapes, and where
    transformers renames or merges tensors as it loads. Raises `CheckpointError` when tensors are missing.
    """
    if _behaviour(old) != _behaviour(new):
        return False
    before, after = _shapes(old), _shapes(new)
    held = model.state_dict(keep_vars=True)
    owners: dict[int, list[str]] = {}
    for name, tensor in held.items():
        owners.setdefault(id(tensor), []).append(name)
    # of names that are one tensor in the model one may be in the files: which of two would win is not ours to say
    if not before.keys() <= held.keys() or any(len(before.keys() & set(names)) != 1 for names in owners.values()):
        return False
    _refuse_lack(new, before.keys() - after.keys() - set(model._tied_weights_keys or ()))
    if before != after or any(list(held[name].shape) != shape for name, shape in after.items()):
        return False
    for path in _files(new):
        with safe_open(path, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118  # it is no mapping
                held[name].data.copy_(tensors.get_tensor(name))
    return True


def _refuse_lack(path: Path, names: Iterable[str]) -> None:
    if lost := sorted(names):
        raise CheckpointError(
            f"{path} lacks {len(lost)} of its model's weights ({lost[0]}), which would be random",
            "save it again with model.save_pretrained(folder)",
        )


def _behaviour(folder: Path) -> dict[str, bytes]:
    """Everything beside the weights that decides what a checkpoint answers."""
    return {
        found.relative_to(folder).as_posix(): found.read_bytes()
        for pattern in BEHAVIOUR
        for found in folder.glob(pattern)
        if found.is_file()
    }


def _shapes(folder: Path) -> Mapping[str, list[int]]:
    shapes = {}
    for path in _files(folder):
        with safe_open(path, framework="pt") as tensors:
            shapes.update({name: list(tensors.get_slice(name).get_shape()) for name in tensors.keys()})  # noqa: SIM118
    return shapes


def _files(folder: Path) -> list[Path]:
    """The files that transformers would load."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return [folder / "model.safetensors"]
    shards = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    return [folder / name for name in sorted(set(shards))]
