"""The context window: a checkpoint's tokenizer, and how much of the context a request leaves free."""

from collections.abc import Sequence
from typing import Any

from benchcore.checkpoint import Checkpoint, context_length
from benchcore.errors import CheckpointError, ConfigError
from benchcore.prompts import encode
from benchcore.records import Prompt, Request


class Window:
    """Tokenizer and context length of one checkpoint. Raises `CheckpointError` if the tokenizer is broken."""

    def __init__(self, checkpoint: Checkpoint, *, trust_remote_code: bool) -> None:
        from transformers import AutoTokenizer

        self.context = context_length(checkpoint.path)
        self._encoded: dict[Prompt, list[int]] = {}
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(
                checkpoint.path, trust_remote_code=trust_remote_code, local_files_only=True
            )
        except Exception as error:  # a boundary: tokenizer files of any age raise nearly anything
            raise CheckpointError(f"the tokenizer of {checkpoint.path} does not load ({error})") from error

    @property
    def last(self) -> int:
        """The last position of the context; out of reach where the checkpoint names no end."""
        return (self.context or 2**31) - 1

    def encode(self, request: Request) -> list[int]:
        """Token ids of the request's prompt, (length,); trials of one prompt share one list."""
        if request.prompt not in self._encoded:
            self._encoded[request.prompt] = encode(self.tokenizer, request.prompt)
        return self._encoded[request.prompt]

    def room(self, request: Request, length: int) -> int:
        """How many tokens may be generated after a prompt of `length` tokens."""
        wanted = request.decode.max_tokens
        return wanted if self.context is None else min(wanted, self.context - length)

    def check(self, requests: Sequence[Request]) -> int:
        """The longest sequence that may arise, in tokens. Raises `ConfigError` for a prompt that does not fit."""
        longest = 0
        for request in requests:
            length = len(self.encode(request))
            if self.context is not None and length >= self.context:
                raise ConfigError(
                    f"{request.task}, sample {request.sample}: the prompt is {length} tokens long,"
                    f" but the checkpoint's context is {self.context}",
                    "use a checkpoint with a longer context, or leave the task out",
                )
            longest = max(longest, length + self.room(request, length))
        return longest
