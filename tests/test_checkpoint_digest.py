"""The digest of a checkpoint: the same for the same content wherever it lies, another for any other, and free twice."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchcore.checkpoint import cache_folder, model_digest

Stub = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_cache(at_home: Path) -> None:
    """Remember digests in a cache of this test's own."""


def test_every_part_that_decides_an_answer_changes_the_digest(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint()
    seen = {model_digest(folder)}
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:-1] + b"\1")
    seen.add(model_digest(folder))
    for name in (
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "chat_template.jinja",
        "special_tokens_map.json",
        "model-00002-of-00002.safetensors",
        "modeling_own.py",
        "additional_chat_templates/tools.jinja",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text('{"of": "another kind"}')
        seen.add(model_digest(folder))
    assert len(seen) == 11


def test_what_a_trainer_leaves_beside_it_does_not_change_the_digest(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint()
    before = model_digest(folder)
    for name in ("README.md", "trainer_state.json", "optimizer.pt", "training_args.bin"):
        (folder / name).write_text("other")
    assert model_digest(folder) == before


def test_a_copy_elsewhere_has_the_same_digest(stub_checkpoint: Stub, tmp_path: Path) -> None:
    folder = stub_checkpoint()
    shutil.copytree(folder, tmp_path / "elsewhere" / "other-name")
    assert model_digest(folder) == model_digest(tmp_path / "elsewhere" / "other-name")


def test_the_same_bytes_under_another_name_are_not_the_same(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint()
    before = model_digest(folder)
    (folder / "tokenizer.json").rename(folder / "vocab.json")
    assert model_digest(folder) != before


def opened_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    real = Path.open

    def spy(path: Path, *args: object, **kwargs: object) -> object:
        names.append(path.name)
        return real(path, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", spy)
    return names


def test_a_second_look_does_not_read_the_weights(stub_checkpoint: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = stub_checkpoint()
    names = opened_files(monkeypatch)
    first = model_digest(folder)
    assert "model.safetensors" in names
    names.clear()
    assert model_digest(folder) == first
    assert "model.safetensors" not in names


def test_a_touched_file_is_read_again_and_is_the_same(stub_checkpoint: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = stub_checkpoint()
    first = model_digest(folder)
    os.utime(folder / "model.safetensors", (1, 1))
    names = opened_files(monkeypatch)
    assert model_digest(folder) == first
    assert "model.safetensors" in names


def test_a_change_of_the_same_size_and_time_in_another_file_is_seen(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint()
    weights = folder / "model.safetensors"
    stat = weights.stat()
    first = model_digest(folder)
    other = folder / "new"
    other.write_bytes(weights.read_bytes()[:-1] + b"\7")
    other.replace(weights)
    os.utime(weights, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert model_digest(folder) != first


@pytest.mark.parametrize("content", [b"", b"not json", b"[1]", b'{"a": 1}', b"\xff"])
def test_a_damaged_cache_costs_time_and_nothing_else(stub_checkpoint: Stub, content: bytes) -> None:
    folder = stub_checkpoint()
    first = model_digest(folder)
    (cache_folder() / "digests.json").write_bytes(content)
    assert model_digest(folder) == first


def test_a_cache_that_cannot_be_written_is_no_error(
    stub_checkpoint: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stub_checkpoint()
    first = model_digest(folder)
    (tmp_path / "a-file").write_text("")
    monkeypatch.setenv("BENCHCORE_CACHE", str(tmp_path / "a-file" / "below"))
    assert model_digest(folder) == first
