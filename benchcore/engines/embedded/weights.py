"""Weights from safetensors into a model: a fresh one, or one that has those of a checkpoint of the same kind."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from benchcore.checkpoint import behaviour, tensors, weight_files
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
    if behaviour(old) != behaviour(new):
        return False
    before, after = ({name: shape for name, (_, shape) in tensors(folder).items()} for folder in (old, new))
    held = model.state_dict(keep_vars=True)
    owners: dict[int, list[str]] = {}
    for name, tensor in held.items():
        owners.setdefault(id(tensor), []).append(name)
    # of names that are one tensor in the model one may be in the files: which of two would win is not ours to say
    if not before.keys() <= held.keys() or any(len(before.keys() & set(names)) != 1 for names in owners.values()):
        return False
    _refuse_lack(new, before.keys() - after.keys() - set(model._tied_weights_keys or ()))
    if before != after or any(tuple(held[name].shape) != shape for name, shape in after.items()):
        return False
    for path in weight_files(new):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  # it is no mapping
                held[name].data.copy_(file.get_tensor(name))
    return True


def _refuse_lack(path: Path, names: Iterable[str]) -> None:
    if lost := sorted(names):
        raise CheckpointError(
            f"{path} lacks {len(lost)} of its model's weights ({lost[0]}), which would be random",
            "save it again with model.save_pretrained(folder)",
        )
