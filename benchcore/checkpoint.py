"""What a checkpoint is: a folder in Hugging Face layout with safetensors weights and a tokenizer.

Checkpoints are found in a directory by their step, told apart by a digest of everything that decides what
they answer, and left alone while a trainer is still writing them. Nothing here imports torch.
"""

import hashlib
import json
import os
import re
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from benchcore.errors import CheckpointError
from benchcore.hub import go_offline_if_unreachable

WEIGHTS = ("*.safetensors",)
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
# What trainers keep beside the weights, in the same formats.
NOT_WEIGHTS = re.compile(r"training_args|optimizer|scheduler|scaler|rng_state|trainer_state")
TOKENIZER = ("tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model")
# Files beside the weights that change what a checkpoint answers.
BEHAVIOUR = (
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template*",
    "additional_chat_templates/*",
    "*.py",  # run with --trust-remote-code
)
# Written last, and what counts tokens in it: by benchcore's trainers, and by transformers' Trainer.
MARKERS = {"benchcore.json": "tokens", "trainer_state.json": "num_input_tokens_seen"}
STEP = re.compile(r"(?:^|[-_@/])(?:checkpoint|step|iter|global_step|ckpt)[-_]?0*(\d+)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A complete checkpoint: its folder, the name it is shown by, and its training step if it has one.

    `series` names the training run that it is one point of, and `tokens` is how many had been trained on by then.
    `bill` is what the recipe had cost by then, as its trainer noted it: name, such as flops -> amount.
    `digest` says what it is where its weights are in memory alone, and `path` has but what else belongs to it.
    """

    path: Path
    name: str
    step: int | None
    series: str | None = None
    tokens: int | None = None
    bill: Mapping[str, float] = field(default_factory=dict, hash=False)
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A folder that looks like a checkpoint but cannot be evaluated yet, or at all."""

    path: Path
    reason: str


def find(where: str, *, trust_remote_code: bool = False) -> tuple[list[Checkpoint], list[Skipped]]:
    """The checkpoints that `where` names: one folder, a directory of them in step order, or a hub id.

    Raises `CheckpointError` when there is none, or when a folder asked for by name cannot be used.
    """
    path = Path(where).expanduser()
    if path.exists():
        path = shown = path.resolve()
    else:
        # in the hub's cache a model lies in a folder called by its commit
        path, shown = _download(where, trust_remote_code).resolve(), Path(where)
    if path.is_file():
        raise CheckpointError(f"{where} is a file, not a checkpoint", "give the folder that holds config.json")
    if (path / "config.json").is_file() or any(_matching(path, WEIGHTS + PICKLES)):
        if reason := unfinished(path):
            raise CheckpointError(f"{where} is not complete: {reason}", "wait until it is written, or copy it again")
        check(path, trust_remote_code=trust_remote_code)
        return [_checkpoint(path, shown)], []
    found: list[Checkpoint] = []
    skipped: list[Skipped] = []
    for folder in sorted(child for child in path.iterdir() if child.is_dir()):
        scratch = folder.name.startswith(("tmp", "."))  # what a trainer renames when it is written
        if scratch or (_step(folder) is None and not (folder / "config.json").is_file()):
            continue
        try:
            if reason := unfinished(folder):
                raise CheckpointError(reason)
            check(folder, trust_remote_code=trust_remote_code)
        except CheckpointError as error:
            skipped.append(Skipped(path=folder, reason=error.message))
        else:
            found.append(replace(_checkpoint(folder, folder), series=path.name))
    if not found:
        why = "; ".join(f"{skip.path.name}: {skip.reason}" for skip in skipped)
        raise CheckpointError(
            f"{where} is not a checkpoint: no config.json in it or in a folder below it" + (f" ({why})" if why else ""),
            "give a folder with config.json, model.safetensors and tokenizer files, or a directory of them",
        )
    return sorted(found, key=lambda c: (c.step is None, c.step or 0, c.name)), skipped


def settled(folder: Path, seconds: float) -> bool:
    """Whether a trainer is done with a folder: it wrote its marker, or nothing in it has changed for `seconds`.

    Weights come before tokenizer and settings in some trainers, and all of them are what a checkpoint is.
    """
    newest = max(path.stat().st_mtime for path in folder.iterdir())
    return any((folder / name).is_file() for name in MARKERS) or time.time() - newest >= seconds


def trained_on(folder: Path) -> int | None:
    """How many tokens a checkpoint had been trained on, by the markers that trainers write; None where none tells."""
    for name, key in MARKERS.items():
        count = _marker(folder, name).get(key)
        if isinstance(count, int) and count > 0:
            return count
    return None


def billed(folder: Path) -> dict[str, float]:
    """What the recipe had cost by this checkpoint, by the marker of benchcore's trainers; empty where none tells."""
    found = _marker(folder, "benchcore.json").get("bill")
    if not isinstance(found, dict):
        return {}
    return {name: amount for name, amount in found.items() if isinstance(amount, int | float)}


def _marker(folder: Path, name: str) -> dict[str, Any]:
    try:
        found = json.loads((folder / name).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def unfinished(folder: Path) -> str | None:
    """Why a folder is still being written, or None when all the files its index names are there."""
    if not (folder / "config.json").is_file():
        return "it has no config.json yet"
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, KeyError, TypeError, AttributeError):
            return f"{index.name} is not a complete index"
        missing = sorted(shard for shard in shards if not (folder / shard).is_file())
        return f"{len(missing)} of {len(shards)} shards are missing ({missing[0]})" if missing else None
    if any(re.search(r"-\d+-of-\d+\.safetensors$", path.name) for path in _matching(folder, WEIGHTS)):
        return f"there are shards but no {index.name}"
    if not any(_matching(folder, WEIGHTS + PICKLES)):
        return "it has no weights yet"
    if any(_matching(folder, WEIGHTS)) and not (folder / "model.safetensors").is_file():
        return f"it has no model.safetensors, only {next(_matching(folder, WEIGHTS)).name}"
    return None


def check(folder: Path, *, trust_remote_code: bool = False) -> None:
    """Refuse what cannot be evaluated, before anything is loaded. Raises `CheckpointError`."""
    weights = list(_matching(folder, WEIGHTS))
    if not weights:
        pickled = next(_matching(folder, PICKLES))
        raise CheckpointError(
            f"{folder} holds its weights as a pickle ({pickled.name}), and loading a pickle can run any code",
            "save them as safetensors: model.save_pretrained(folder)",
        )
    for path in weights:
        _check_safetensors(path)
    if not any((folder / name).is_file() for name in TOKENIZER):
        raise CheckpointError(
            f"{folder} has weights but no tokenizer", "save it beside them: tokenizer.save_pretrained(folder)"
        )
    config = read_config(folder)
    if "auto_map" in config and not trust_remote_code:
        raise CheckpointError(
            f"{folder} wants to run its own Python code (auto_map in config.json)",
            "pass --trust-remote-code if you trust it",
        )


def read_config(folder: Path) -> dict[str, Any]:
    """The checkpoint's config.json. Raises `CheckpointError` when it is not a JSON object."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{folder / 'config.json'} is not valid JSON ({error})") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{folder / 'config.json'} is not a JSON object")
    return config


def context_length(folder: Path) -> int | None:
    """The longest sequence the model was made for, in tokens; None when its config does not say."""
    config = read_config(folder)
    for name in ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length"):
        if isinstance(config.get(name), int):
            return int(config[name])
    return None


def vocabulary(folder: Path) -> int | None:
    """How many tokens the model chooses among; None when its config does not say."""
    config = read_config(folder)
    found = config.get("vocab_size") or (config.get("text_config") or {}).get("vocab_size")
    return found if isinstance(found, int) else None


def model_digest(folder: Path) -> str:
    """SHA-256 over weights, tokenizer, chat template and configs: what the checkpoint *is*.

    Each file's own digest is remembered by path, size and time of change, so a second look is free.
    """
    files = sorted(
        {*_matching(folder, WEIGHTS), *_matching(folder, BEHAVIOUR)},
        key=lambda path: path.relative_to(folder).as_posix(),
    )
    known = _remembered()
    lines, fresh = [], {}
    for path in files:
        stat = path.stat()
        stamp = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}|{stat.st_ino}"
        if stamp not in known:
            with path.open("rb") as stream:
                fresh[stamp] = hashlib.file_digest(stream, "sha256").hexdigest()
        lines.append(f"{path.relative_to(folder).as_posix()} {known.get(stamp) or fresh[stamp]}\n")
    if fresh:
        _remember({**known, **fresh})
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def behaviour(folder: Path) -> dict[str, bytes]:
    """Every file that decides what a checkpoint answers, but its weights."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in _matching(folder, BEHAVIOUR)}


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files that are loaded: those of the index where there is one."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return [folder / "model.safetensors"]
    shards = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    return [folder / name for name in sorted(set(shards))]


def tensors(folder: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Name -> number format and shape of each of a checkpoint's tensors, from the headers of its files."""
    return {
        name: (tensor["dtype"], tuple(tensor["shape"]))
        for path in weight_files(folder)
        for name, tensor in _header(path)[1].items()
    }


def cache_folder() -> Path:
    """Where benchcore keeps what can be made again: BENCHCORE_CACHE, else the user's cache folder."""
    if given := os.environ.get("BENCHCORE_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "benchcore"


def _remembered() -> dict[str, str]:
    try:
        return msgspec.json.decode((cache_folder() / "digests.json").read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return {}


def _remember(known: dict[str, str]) -> None:
    path = cache_folder() / "digests.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}")
        scratch.write_bytes(msgspec.json.encode(known))
        scratch.replace(path)
    except OSError:
        return  # a cache that cannot be written costs time, nothing else


def _download(name: str, trust_remote_code: bool) -> Path:
    looks_like_hub = re.fullmatch(r"[\w.-]+/[\w.-]+(@[\w.-]+)?", name) is not None
    if not looks_like_hub:
        raise CheckpointError(f"there is no checkpoint at {name}", "give a folder, or a hub id like owner/model")
    go_offline_if_unreachable()
    from huggingface_hub import snapshot_download

    repo, _, revision = name.partition("@")
    wanted = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", *(["*.py"] if trust_remote_code else [])]
    try:
        return Path(snapshot_download(repo, revision=revision or None, allow_patterns=wanted))
    except (OSError, ValueError) as error:  # no network, no such repository, gated
        raise CheckpointError(
            f"there is no folder {name}, and the hub did not give a model of that name"
            f" ({type(error).__name__}: {str(error).splitlines()[0]})",
            "give a folder, or download the model first",
        ) from error


def _check_safetensors(path: Path) -> None:
    size = path.stat().st_size
    length, found = _header(path)
    try:
        end = max((int(tensor["data_offsets"][1]) for tensor in found.values()), default=0)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise _no_header(path) from error
    if 8 + length + end != size:
        raise CheckpointError(
            f"{path} is broken: {size} bytes where its header promises {8 + length + end}", "copy it again"
        )


def _header(path: Path) -> tuple[int, dict[str, Any]]:
    """The length of a safetensors file's header in bytes, and what it says of each tensor."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else size
        if length > size - 8:
            raise CheckpointError(f"{path} is broken: its header does not fit into its {size} bytes", "copy it again")
        try:
            found = json.loads(stream.read(length))
            return length, {name: tensor for name, tensor in found.items() if name != "__metadata__"}
        except (ValueError, AttributeError) as error:
            raise _no_header(path) from error


def _no_header(path: Path) -> CheckpointError:
    return CheckpointError(f"{path} is broken: its header is not safetensors", "copy it again")


def _matching(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(path for path in folder.glob(pattern) if path.is_file() and not NOT_WEIGHTS.match(path.name))


def _checkpoint(path: Path, shown: Path) -> Checkpoint:
    step = _step(shown)
    series = None if step is None else shown.absolute().parent.name
    return Checkpoint(
        path=path, name=_name(shown), step=step, series=series, tokens=trained_on(path), bill=billed(path)
    )


def _step(folder: Path) -> int | None:
    match = STEP.search(folder.name)
    return int(match[1]) if match else None


def _name(folder: Path) -> str:
    """The folder's own name, with the training run's before it where the name is only a step."""
    return f"{folder.parent.name}-{folder.name}" if STEP.match(folder.name) else folder.name
