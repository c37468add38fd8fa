"""What vLLM is asked for a request or a part of one, and what its output means. Nothing here imports vLLM early."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchcore.engines.vllm.parts import Part, Reading, Tally
from benchcore.engines.window import Window
from benchcore.records import Completion, Fault, Finish, Generation, Request, cut_at_stop


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as one of vLLM's engines was given it: a text to generate, or one part of a scoring.

    `cached` is whether a part may read tokens from the prefix cache.
    """

    engine: Any
    request: Request
    tokens: Sequence[int]
    part: Part | None = None
    tally: Tally | None = None
    cached: bool = True

    def params(self, window: Window) -> Any:
        """vLLM's `SamplingParams`."""
        if self.part is not None:
            return _scoring(self.part, cached=self.cached)
        assert isinstance(self.request, Generation)
        return _sampling(self.request, window.room(self.request, len(self.tokens)))

    def lacks_rows(self, output: Any) -> bool:
        """Whether the cache held tokens whose own predictions were needed: vLLM gives none or rubbish for them."""
        if self.part is None or not self.part.rows or output.prompt_logprobs is None:
            return False
        return (output.num_cached_tokens or 0) > self.part.reusable or len(output.prompt_logprobs) <= self.part.rows

    def completion(self, output: Any, seconds: float) -> Completion | None:
        """The text, or the scores if no part of the request is left."""
        [generated] = output.outputs
        if self.part is None or self.tally is None:
            return self._text(generated, seconds)
        self.tally.add(self.part, _reading(self.part, output.prompt_logprobs, generated))
        return None if self.tally.left else self.tally.completion(seconds)

    def _text(self, generated: Any, seconds: float) -> Completion:
        assert isinstance(self.request, Generation)
        text, _ = cut_at_stop(generated.text, self.request.decode.stop)
        why = generated.finish_reason
        finish = {"stop": Finish.STOP, "length": Finish.LENGTH}.get(why, Finish.FAULT)
        return Completion(
            request=self.request.key,
            text=text,
            finish=finish,
            tokens_in=len(self.tokens),
            tokens_out=len(generated.token_ids),
            seconds=seconds,
            fault=Fault(kind="engine", message=f"vLLM ended with {why}") if finish is Finish.FAULT else None,
        )


def _sampling(request: Generation, room: int) -> Any:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    decode = request.decode
    return SamplingParams(
        temperature=decode.temperature,
        top_p=decode.top_p,
        max_tokens=room,
        stop=list(decode.stop),
        seed=None if decode.temperature == 0 else request.seed,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _scoring(part: Part, *, cached: bool) -> Any:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    return SamplingParams(
        temperature=0,
        max_tokens=1,
        logprob_token_ids=sorted({token for _, token in part.ends}),
        # the best token beside the one that stands there: vLLM's rank would call neither of two equals greedy
        prompt_logprobs=1 if part.rows else None,
        skip_reading_prefix_cache=not cached,
        flat_logprobs=True,
        detokenize=False,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _reading(part: Part, rows: Any, end: Any) -> Reading | Fault:
    if not end.token_ids or not end.logprobs or (part.rows and (rows is None or len(rows) <= part.rows)):
        return Fault(kind="engine", message=f"vLLM ended with {end.finish_reason} and without likelihoods")
    found = {token: one.logprob for token, one in end.logprobs[0].items()}
    best = found[end.token_ids[0]]
    starts = rows.start_indices[-part.rows :] if part.rows else ()
    # a row holds the token that stands there, then the best one
    pairs = [rows.logprobs[start : start + 2] for start in starts]
    return Reading(
        ends={token: (found[token], found[token] >= best) for _, token in part.ends},
        rows=[(own, own >= likeliest) for own, likeliest in pairs],
    )
