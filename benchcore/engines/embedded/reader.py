"""Hidden states and logits of a causal model: of plain rows, and of rows that are trees."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer

from benchcore.engines.packing import Job, Tree, grow

LOGITS = 64 * 2**20  # bytes of float32 logits, and of their logarithms of chances, held at once
NOISE = 0.25  # of what it does to disregard a tree's mask or positions; what rounding does is far below
# what a model's own code raises when it does not go with a way to call it
REFUSALS = (RuntimeError, ValueError, TypeError, LookupError, AttributeError)


class Beginning(DynamicLayer):  # type: ignore[misc]  # transformers is untyped
    """A cache layer of one row that stays as it is: each batch sees it before its own keys and values.

    `keys` and `values` are (1, key-value heads, tokens, head size).
    """

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()
        self.lazy_initialization(keys, values)
        self.keys, self.values = keys, values

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """All keys and values of a batch; nothing is kept."""
        rows = len(key_states)
        return (
            torch.cat([self.keys.expand(rows, -1, -1, -1), key_states], dim=-2),
            torch.cat([self.values.expand(rows, -1, -1, -1), value_states], dim=-2),
        )


class Reader:
    """Reads sequences of up to `context` tokens with a Hugging Face causal language model. Use it in inference mode.

    `trees` tells whether the model reads a tree as it would each of its sequences alone. It is tried out, as no
    list of models is ever complete: a model may make its own masks, count its own positions, or keep a state.
    """

    def __init__(self, model: Any, device: torch.device, context: int) -> None:
        self._model = model
        self._device = device
        config = model.config.get_text_config()
        windows = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size", "window_size")]
        nearest = min((size for size in windows if isinstance(size, int)), default=2**31)
        kinds = set(getattr(config, "layer_types", None) or ())
        # models that name the kinds of their layers take a mask for each kind
        named = "sliding_attention" in kinds and kinds <= {"full_attention", "sliding_attention"}
        self._window = int(config.sliding_window) if named else None
        # tokens up to which a tree can be told by its masks: else every token must see all before it
        self.reach = 2**31 if named else nearest
        self.vocabulary = int(config.vocab_size)
        self._dtype = next(model.parameters()).dtype
        self._probe = [3 + 7 * at % (self.vocabulary - 3) for at in range(min(72, self.reach, context))]
        self._body, self._kind = self._parts()
        self.trees = self._reads_trees()
        wide = 12 * config.hidden_size + (self.vocabulary if self._body is None else 0)
        inner = getattr(config, "intermediate_size", None) or 4 * config.hidden_size
        self._token: int = 4 * (wide + 3 * (max(inner) if isinstance(inner, list) else inner))
        heads = 1 if config._attn_implementation == "sdpa" else getattr(config, "num_attention_heads", 1)
        self._pair: int = 3 * heads * self._dtype.itemsize

    def need(self, rows: int, width: int, prefix: int) -> int:
        """About how many bytes reading `rows` of `width` tokens after a prefix takes at its height."""
        return rows * width * (self._token + (width + prefix) * self._pair) + rows * prefix * self._token

    def begin(self, prefix: Sequence[int]) -> DynamicCache:
        """The cache of a beginning that many trees share."""
        cache = DynamicCache()
        self._run(input_ids=self._ids([prefix]), past_key_values=cache)
        cache.layers = [Beginning(layer.keys, layer.values) for layer in cache.layers]
        return cache

    def read(self, trees: Sequence[Tree], cache: DynamicCache | None) -> torch.Tensor:
        """What `logits` needs of each token of `trees`, (rows, longest, size); beyond a row's end it means nothing."""
        width = max(len(tree.tokens) for tree in trees)
        tokens = self._ids([tree.tokens + [0] * (width - len(tree.tokens)) for tree in trees])
        if all(tree.chain for tree in trees):
            # what stands right of a token is never seen, so neither mask nor positions are needed
            return self._run(input_ids=tokens)
        seen = torch.eye(width, dtype=torch.bool).repeat(len(trees), 1, 1)
        positions = torch.zeros(len(trees), width, dtype=torch.long)
        for row, tree in enumerate(trees):
            size = len(tree.tokens)
            seen[row, :size, :size] = torch.from_numpy(tree.sees())
            positions[row, :size] = torch.tensor(tree.positions)
        return self._masked(tokens, seen, positions, cache)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Next-token logits, (tokens, vocabulary) in float32, of what was read, (tokens, size).

        The model's own last step is run, with all that some models do there: a scale, a soft cap.
        """
        if self._body is None:
            return hidden.float()
        output = self._kind(last_hidden_state=hidden[None])
        self._body.forward = lambda *args, **kwargs: output
        try:
            nothing = torch.zeros(1, len(hidden), dtype=torch.long, device=self._device)
            logits: torch.Tensor = self._model(input_ids=nothing, use_cache=False).logits
            return logits[0].float()
        finally:
            del self._body.forward

    @property
    def chunk(self) -> int:
        """How many tokens' logits may be held at once."""
        return max(1, LOGITS // (8 * self.vocabulary))

    def _run(self, **given: Any) -> torch.Tensor:
        module = self._model if self._body is None else self._body
        output = module(use_cache="past_key_values" in given, **given)
        found: torch.Tensor = output.logits if self._body is None else output.last_hidden_state
        return found

    def _masked(
        self, tokens: torch.Tensor, seen: torch.Tensor, positions: torch.Tensor, cache: DynamicCache | None
    ) -> torch.Tensor:
        """Read rows in which token i sees the whole cache and what `seen` (rows, i, j) says."""
        shared = cache.get_seq_length() if cache else 0
        seen = torch.nn.functional.pad(seen, (shared, 0), value=True)
        mask: Any = self._added(seen)
        if self._window is not None:
            before = torch.arange(shared).expand(len(positions), -1)
            far = positions[:, :, None] - torch.cat([before, positions], dim=1)[:, None] >= self._window
            mask = {"full_attention": mask, "sliding_attention": self._added(seen & ~far)}
        given = {} if cache is None else {"past_key_values": cache}
        return self._run(input_ids=tokens, attention_mask=mask, position_ids=positions.to(self._device), **given)

    def _added(self, seen: torch.Tensor) -> torch.Tensor:
        """A mask to be added, which is what all ways of computing attention take; they differ on one of bool."""
        seen = seen[:, None].to(self._device)
        mask = torch.zeros(seen.shape, dtype=self._dtype, device=self._device)
        return mask.masked_fill_(~seen, torch.finfo(self._dtype).min)

    def _ids(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        return torch.tensor(rows, device=self._device)

    @torch.inference_mode()  # type: ignore[untyped-decorator]  # torch's decorators are untyped
    def _parts(self) -> tuple[Any, Any]:
        """The model without its last step, and the kind of its output; None where they do not come apart."""
        ids = self._ids([self._probe])
        whole = self._model(input_ids=ids, use_cache=False).logits[0].float()
        try:
            body = self._model.get_decoder()
            output = body(input_ids=ids, use_cache=False)
            self._body, self._kind = body, type(output)
            apart = self.logits(output.last_hidden_state[0])
        except REFUSALS:
            return None, None
        return (body, type(output)) if torch.allclose(apart, whole, rtol=1e-3, atol=1e-3) else (None, None)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def _reads_trees(self) -> bool:
        """Whether a model heeds a tree's mask and positions, with a beginning in a cache."""
        third = len(self._probe) // 3
        context, one, two = (tuple(self._probe[at * third : (at + 1) * third]) for at in range(3))
        jobs = [Job((*context, *own, 0), 1, None) for own in (one, two)]
        tree = grow(jobs, context[: third // 2])
        last = [path[-1] for path in tree.paths]
        causal = torch.ones(len(tree.tokens), len(tree.tokens), dtype=torch.bool).tril()
        seen, positions = torch.from_numpy(tree.sees()), torch.tensor(tree.positions)
        running = torch.arange(len(tree.tokens)) + len(tree.prefix)
        try:
            alone = torch.stack([self._run(input_ids=self._ids([job.read]))[0, -1] for job in tree.jobs])
            errors = []
            for mask, places in ((seen, positions), (causal, positions), (seen, running)):
                cache = self.begin(tree.prefix)
                found = self._masked(self._ids([tree.tokens]), mask[None], places[None], cache)[0, last]
                errors.append(float((found - alone).float().abs().max()))
        except REFUSALS:
            return False
        return errors[0] < NOISE * min(errors[1:])
