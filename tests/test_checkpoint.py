"""Checkpoints: which folders are one, which are refused and why, and in which order they come."""

import json
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.checkpoint import context_length, find
from benchcore.errors import CheckpointError

Stub = Callable[..., Path]


def refused(folder: Path) -> str:
    """The sentence with which a folder is refused, and that it is one sentence with exit code 2."""
    with pytest.raises(CheckpointError) as refusal:
        find(str(folder))
    assert refusal.value.exit_code == 2
    assert "\n" not in str(refusal.value)
    assert str(folder) in str(refusal.value)
    return str(refusal.value)


def test_a_folder_is_one_checkpoint_called_by_its_name(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint("gpt-x")
    found, skipped = find(str(folder))
    assert [(one.path, one.name, one.step) for one in found] == [(folder, "gpt-x", None)]
    assert skipped == []


def test_a_step_folder_is_called_by_its_run_too(stub_checkpoint: Stub) -> None:
    (one,), _ = find(str(stub_checkpoint("checkpoint-500", where="recipe-a")))
    assert (one.name, one.step) == ("recipe-a-checkpoint-500", 500)


def test_a_tiny_real_checkpoint_is_taken(tiny_checkpoint: Path) -> None:
    (one,), _ = find(str(tiny_checkpoint))
    assert one.name == "tiny-llama"
    assert context_length(one.path) == 512


def test_an_empty_folder_is_not_a_checkpoint(tmp_path: Path) -> None:
    assert "is not a checkpoint: no config.json" in refused(tmp_path)


def test_a_file_is_not_a_checkpoint(stub_checkpoint: Stub) -> None:
    assert "is a file, not a checkpoint" in refused(stub_checkpoint() / "model.safetensors")


def test_weights_without_a_tokenizer_are_refused(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint()
    (folder / "tokenizer.json").unlink()
    assert "has weights but no tokenizer" in refused(folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "consolidated.00.pth", "last.ckpt"])
def test_pickled_weights_are_refused_with_the_reason(stub_checkpoint: Stub, name: str) -> None:
    folder = stub_checkpoint()
    (folder / "model.safetensors").rename(folder / name)
    said = refused(folder)
    assert name in said and "loading a pickle can run any code" in said and "safetensors" in said


def test_a_trainers_own_pickles_beside_the_weights_do_no_harm(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint()
    for name in ("training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth"):
        (folder / name).write_bytes(b"\x80")
    assert len(find(str(folder))[0]) == 1


def test_code_of_its_own_is_run_only_when_trusted(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint(config={"auto_map": {"AutoModelForCausalLM": "modeling.Mine"}})
    assert "auto_map" in refused(folder) and "--trust-remote-code" in refused(folder)
    assert len(find(str(folder), trust_remote_code=True)[0]) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "header does not fit"),
        (b"\x05\0\0", "header does not fit"),
        (struct.pack("<Q", 1 << 40) + b"{}", "header does not fit"),
        (struct.pack("<Q", 4) + b"nope" + b"\0" * 4, "header is not safetensors"),
        (struct.pack("<Q", 4) + b"\xff\xfe{}", "header is not safetensors"),
        (struct.pack("<Q", 2) + b"[]", "header is not safetensors"),
        (struct.pack("<Q", 7) + b'{"w":1}', "header is not safetensors"),
        (struct.pack("<Q", 26) + b'{"w":{"data_offsets":[0]}}', "header is not safetensors"),
        (struct.pack("<Q", 34) + b'{"w":{"data_offsets":["a", "bcd"]}}'[:34], "header is not safetensors"),
        (struct.pack("<Q", 30) + b'{"w":{"data_offsets":[0, 4]}} ' + b"\0" * 3, "bytes where its header promises"),
    ],
)
def test_broken_safetensors_are_refused(stub_checkpoint: Stub, content: bytes, why: str) -> None:
    folder = stub_checkpoint()
    (folder / "model.safetensors").write_bytes(content)
    said = refused(folder)
    assert "model.safetensors is broken" in said and why in said


@given(cut=st.integers(0, 10_000), noise=st.binary(max_size=64))
def test_no_damage_to_the_weights_file_is_ever_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path, cut: int, noise: bytes
) -> None:
    folder = tmp_path_factory.mktemp("damaged") / "m"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(tiny_checkpoint / name, folder)
    content = (tiny_checkpoint / "model.safetensors").read_bytes()
    at = cut % len(content)
    (folder / "model.safetensors").write_bytes(content[:at] + noise)
    with pytest.raises(CheckpointError, match="is broken"):
        find(str(folder))


@pytest.mark.parametrize("text", ["{", "[]", "\xff"])
def test_a_config_that_is_no_json_object_is_refused(stub_checkpoint: Stub, text: str) -> None:
    folder = stub_checkpoint()
    (folder / "config.json").write_bytes(text.encode("latin-1"))
    assert "config.json is not" in refused(folder)


def test_a_missing_shard_means_unfinished(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint()
    shard = "model-0000{}-of-00002.safetensors"
    (folder / "model.safetensors").rename(folder / shard.format(1))
    assert "is not complete: there are shards but no model.safetensors.index.json" in refused(folder)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": shard.format(1), "b": shard.format(2)}}))
    assert f"1 of 2 shards are missing ({shard.format(2)})" in refused(folder)
    shutil.copy(folder / shard.format(1), folder / shard.format(2))
    assert len(find(str(folder))[0]) == 1
    for half in ("", '{"weight_map": {"a"', "[]", "{}", '{"weight_map": 3}', '{"weight_map": {"a": ["b"]}}', "\xff"):
        index.write_bytes(half.encode("latin-1"))
        assert "model.safetensors.index.json is not a complete index" in refused(folder)


def test_weights_without_a_config_mean_unfinished(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint()
    (folder / "config.json").unlink()
    assert "is not complete: it has no config.json yet" in refused(folder)


def test_a_config_without_weights_means_unfinished(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint()
    (folder / "model.safetensors").unlink()
    assert "is not complete: it has no weights yet" in refused(folder)


@pytest.mark.parametrize("name", ["optimizer.pt", "scheduler.pt", "rng_state_0.pth", "optimizer.bin"])
def test_a_trainers_state_without_weights_means_unfinished(stub_checkpoint: Stub, name: str) -> None:
    folder = stub_checkpoint()
    (folder / "model.safetensors").rename(folder / name)
    assert "is not complete: it has no weights yet" in refused(folder)


def test_an_adapter_alone_is_not_a_checkpoint(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint()
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
    assert "it has no model.safetensors, only adapter_model.safetensors" in refused(folder)


def test_a_directory_gives_its_checkpoints_in_step_order_and_says_what_it_skips(stub_checkpoint: Stub) -> None:
    for name in ("checkpoint-500", "step-1000", "step_00002000", "iter-3", "global_step12", "ckpt_40", "final"):
        stub_checkpoint(name, where="runs")
    runs = stub_checkpoint("checkpoint-2500", where="runs").parent
    (runs / "checkpoint-2500" / "model.safetensors").write_bytes(b"half")
    (runs / "checkpoint-3000").mkdir()
    (runs / "logs").mkdir()
    (runs / "notes.txt").write_text("")
    found, skipped = find(str(runs))
    assert [one.step for one in found] == [3, 12, 40, 500, 1000, 2000, None]
    assert [one.name for one in found][::6] == ["runs-iter-3", "final"]
    assert {one.path.name: one.reason.replace(str(one.path), "") for one in skipped} == {
        "checkpoint-2500": "/model.safetensors is broken: its header does not fit into its 4 bytes",
        "checkpoint-3000": "it has no config.json yet",
    }


def test_a_directory_of_nothing_but_halves_says_why_of_each(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint("checkpoint-1", where="runs")
    (folder / "model.safetensors").unlink()
    assert "checkpoint-1: it has no weights yet" in refused(folder.parent)


@given(steps=st.lists(st.integers(0, 10**7), min_size=1, max_size=6, unique=True), zeros=st.integers(0, 4))
def test_steps_are_numbers_not_words(
    tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path, steps: list[int], zeros: int
) -> None:
    runs = tmp_path_factory.mktemp("steps")
    for step in steps:
        shutil.copytree(tiny_checkpoint, runs / f"step-{'0' * zeros}{step}", copy_function=os.link)
    found, _ = find(str(runs))
    assert [one.step for one in found] == sorted(steps)


def test_a_mistyped_path_is_a_sentence() -> None:
    with pytest.raises(CheckpointError, match=r"there is no checkpoint at no/such/folder; give a folder, or a hub id"):
        find("no/such/folder")


HUB = "import sys; from benchcore.checkpoint import find; print([one.name for one in find(sys.argv[1])[0]])"


def test_a_hub_name_without_a_network_is_a_quick_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    env = {**environment, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_ENDPOINT": "https://hub.invalid"}
    del env["HF_HUB_OFFLINE"]
    code = HUB.replace("print(", "\ntry:\n  print(").replace("[0]])", "[0]])\nexcept Exception as e: print(e)")
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, "owner/model"], capture_output=True, text=True, env=env, timeout=60
    )
    assert time.monotonic() - started < 15
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("there is no folder owner/model, and the hub did not give a model of that name")
    assert done.stdout.count("\n") == 1


def test_a_model_in_the_hub_cache_is_called_by_its_own_name(
    environment: dict[str, str], tmp_path: Path, tiny_checkpoint: Path
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    model = tmp_path / "hub" / "models--owner--tiny"
    shutil.copytree(tiny_checkpoint, model / "snapshots" / commit)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(commit)
    env = {**environment, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    shutil.copy(model / "refs" / "main", model / "refs" / "step1000")
    code = f"{HUB}; print(find(sys.argv[1] + '@step1000')[0])"
    words = [sys.executable, "-c", code, "owner/tiny"]
    done = subprocess.run(words, capture_output=True, text=True, env=env, timeout=60)
    name, revision = done.stdout.splitlines()
    assert name == "['tiny']", done.stderr
    assert "name='tiny@step1000', step=1000" in revision
