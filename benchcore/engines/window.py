"""The context window: a checkpoint's tokenizer, and how much of the context a request leaves free."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchcore.checkpoint import Checkpoint, context_length
from benchcore.errors import CheckpointError, ConfigError
from benchcore.prompts import encode
from benchcore.records import Generation, Prompt, Request, Scoring


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of tokens that fits the context, of which the last `scored` are to be predicted from those before.

    `tokens` has one more than the model is given: the last is only predicted.
    """

    tokens: tuple[int, ...]
    scored: int


class Window:
    """Tokenizer and context length of one checkpoint. Raises `CheckpointError` if the tokenizer is broken."""

    def __init__(self, checkpoint: Checkpoint, *, trust_remote_code: bool) -> None:
        from transformers import AutoTokenizer

        self.context = context_length(checkpoint.path)
        self._encoded: dict[Prompt, array[int]] = {}
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

    def encode(self, prompt: Prompt) -> list[int]:
        """Token ids of a prompt, (length,), kept for the next time."""
        if prompt not in self._encoded:
            # four bytes a token, for there may be many thousand long prompts
            self._encoded[prompt] = array("I", encode(self.tokenizer, prompt))
        return self._encoded[prompt].tolist()

    def stretches(self, request: Scoring) -> list[list[Stretch]]:
        """What the model has to read to score each continuation; more than one stretch only for long whole texts.

        The same tokens and windows as lm-eval's `loglikelihood` and `loglikelihood_rolling`; but a token that the
        tokenizer puts before every text is read and never predicted, as in lm-eval with `add_bos_token=False`.
        """
        if isinstance(request.prompt, str) and not request.prompt.strip():
            return [self._whole(request.prompt + text) for text in request.continuations]
        if not isinstance(request.prompt, str):
            context = self.encode(request.prompt)
            return [[_after(context, self._plain(text))] for text in request.continuations]
        kept = request.prompt.rstrip()
        context = encode(self.tokenizer, kept)
        return [
            [_after(context, encode(self.tokenizer, request.prompt + text)[len(context) :])]
            for text in request.continuations
        ]

    def _whole(self, text: str) -> list[Stretch]:
        tokens = [self._first(), *self._plain(text)]
        most = self.context or len(tokens)
        found = []
        for start in range(1, len(tokens), most):
            end = min(start + most, len(tokens))
            # the last window reaches back as far as the context allows
            found.append(Stretch(tuple(tokens[max(0, end - most - 1) : end]), end - start))
        return found

    def _first(self) -> int:
        first = self.tokenizer.bos_token_id
        if first is None:
            first = self.tokenizer.eos_token_id
        if first is None:
            raise CheckpointError(
                "the tokenizer has no token that begins or ends a text, so its first cannot be scored"
            )
        return int(first)

    def _plain(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def room(self, request: Generation, length: int) -> int:
        """How many tokens may be generated after a prompt of `length` tokens."""
        wanted = request.decode.max_tokens
        return wanted if self.context is None else min(wanted, self.context - length)

    def check(self, requests: Sequence[Request]) -> int:
        """The longest sequence that may arise, in tokens. Raises `ConfigError` for a prompt that does not fit."""
        longest = 0
        for request in requests:
            if isinstance(request, Scoring):
                found = self.stretches(request)
                if request.prompt and not all(one.scored for stretches in found for one in stretches):
                    raise ConfigError(
                        f"{request.task}, sample {request.sample}: a continuation has no token of its own after the"
                        " prompt, so it cannot be scored",
                        "make no continuation empty",
                    )
                length = max((len(one.tokens) for stretches in found for one in stretches), default=1)
                self._refuse(request, "prompt with a continuation", length - 1, self.context)
                longest = max(longest, length)
            else:
                assert isinstance(request, Generation)
                length = len(self.encode(request.prompt))
                self._refuse(request, "prompt", length, self.context and self.context - 1)
                longest = max(longest, length + self.room(request, length))
        return longest

    def _refuse(self, request: Request, what: str, length: int, most: int | None) -> None:
        if most is not None and length > most:
            raise ConfigError(
                f"{request.task}, sample {request.sample}: the {what} is {length} tokens long,"
                f" but the checkpoint's context is {self.context}",
                "use a checkpoint with a longer context, or leave the task out",
            )


def _after(context: list[int], tokens: list[int]) -> Stretch:
    return Stretch((*context, *tokens), len(tokens))
