"""When a row's text ends: at an end token, a stop string, or its limit."""

from typing import Any

from benchcore.engines.embedded.rows import Row
from benchcore.records import Finish, cut_at_stop

BROKEN = "\ufffd"  # what part of a character decodes to


class Stops:
    """Looks for the end of texts; of a text only the few newest tokens are decoded, and only when they may end it."""

    def __init__(self, tokenizer: Any, ends: frozenset[int]) -> None:
        self._tokenizer = tokenizer
        self._ends = ends
        self._anchor = tokenizer("a", add_special_tokens=False)["input_ids"]
        self._before = self.text(self._anchor)
        self._may_end: dict[tuple[str, ...], dict[int, bool]] = {}
        self._reach: dict[tuple[str, ...], int] = {}

    def finish(self, row: Row) -> Finish | None:
        """Why the row is done, if it is."""
        newest = row.generated[-1]
        if newest in self._ends:
            return Finish.STOP
        stop = row.request.decode.stop
        if stop and self._possible(newest, stop):
            # a token is at least one byte, so no stop string that ends now reaches further back
            window = row.generated[-self._reach[stop] :]
            if cut_at_stop(self.text(window), stop)[1] and cut_at_stop(self.text(row.generated), stop)[1]:
                return Finish.STOP
        return Finish.LENGTH if len(row.generated) >= row.room else None

    def text(self, tokens: list[int]) -> str:
        """The text of generated tokens, special ones left out."""
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _possible(self, token: int, stop: tuple[str, ...]) -> bool:
        """Whether a text can come to the end of a stop string with `token`; remembered, as decoding is slow."""
        known = self._may_end.setdefault(stop, {})
        if token not in known:
            self._reach[stop] = max(len(text.encode()) for text in stop) + 2
            # after another token: at the beginning of a text some tokenizers swallow a space
            text = self.text([*self._anchor, token])
            added = text.removeprefix(self._before)
            clear = text.startswith(self._before) and added and BROKEN not in added
            known[token] = not clear or any(_ends_in(added, one) for one in stop)
        return known[token]


def _ends_in(added: str, stop: str) -> bool:
    """Whether `stop` can end within `added`: it is in there, or one of its ends is how `added` begins."""
    return stop in added or any(added.startswith(stop[at:]) for at in range(1, len(stop)))


def end_tokens(tokenizer: Any, generation: Any) -> frozenset[int]:
    """Every token that ends a text, by the tokenizer and by the checkpoint's generation config."""
    ends = generation.eos_token_id if generation is not None else None
    listed = ends if isinstance(ends, list) else [ends]
    return frozenset(int(end) for end in [*listed, tokenizer.eos_token_id] if end is not None)
