"""The loop: rows through the model, gradients, steps; what happens around a step is the caller's."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import accelerate
import numpy as np
import torch
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_optimizer_state_dict,
    set_optimizer_state_dict,
)

from benchcore.errors import ConfigError, MachineError
from benchcore.trainers.checkpoints import Moment
from benchcore.trainers.ledger import Ledger
from benchcore.trainers.loss import selected_loss, token_losses
from benchcore.trainers.method import Batch, Method, Phase
from benchcore.trainers.model import Prices, head_and_body
from benchcore.trainers.order import Order
from benchcore.trainers.rows import Rows
from benchcore.trainers.schedule import Decay, learning_rate

WHOLE = StateDictOptions(full_state_dict=True)
RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a model is optimised: AdamW, `batch` rows a step, of which `micro_batch` go through each process at once.

    With `marked_only` no targets count but those that the corpus marks. `looks` and `saves` are the numbers of steps
    after which the caller looks at the model, and keeps it.
    """

    steps: int
    batch: int
    micro_batch: int
    lr: float
    warmup: int
    decay: Decay
    floor: float
    weight_decay: float
    betas: tuple[float, float]
    clip: float
    marked_only: bool
    looks: frozenset[int]
    saves: frozenset[int]

    def parts(self, processes: int) -> int:
        """Into how many batches a step is cut, over all processes. Raises `ConfigError` where they are not alike."""
        together = self.micro_batch * processes
        if self.batch % together:
            raise ConfigError(
                f"a batch of {self.batch} rows does not come apart into parts of {self.micro_batch} on"
                f" {processes} processes",
                "make batch a multiple of micro_batch times processes",
            )
        return self.batch // self.micro_batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is: after `step` steps the mean loss of what was trained on since the last report."""

    step: int
    loss: float
    lr: float
    gradient_norm: float
    tokens_per_second: float
    notes: Mapping[str, float]


class _Weighed(torch.nn.Module):  # type: ignore[misc]  # torch is untyped
    """A model with its loss, in one module, so that what spreads models over processes sees one forward pass.

    `scored` is called when losses are computed beside the one that is trained on.
    """

    def __init__(self, model: Any, method: Method, scored: Callable[[Batch], None]) -> None:
        super().__init__()
        self.model = model
        self._halves = head_and_body(model)  # in a tuple: as attributes they would be modules, and all weights double
        self._method = method
        self._scored = scored

    def forward(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The sum of weights times losses, and the sum of weights; None where each valid target counts once."""
        body, head = self._halves
        hidden = body(input_ids=batch.inputs, use_cache=False).last_hidden_state
        weight = head.weight.to(hidden.dtype)
        known: list[torch.Tensor] = []

        @torch.no_grad()  # type: ignore[untyped-decorator]
        def losses() -> torch.Tensor:
            if not known:
                self._scored(batch)
                found = torch.zeros(batch.valid.shape, device=hidden.device)
                found[batch.valid] = token_losses(hidden[batch.valid], weight, batch.targets[batch.valid], head.bias)
                known.append(found)
            return known[0]

        with torch.no_grad():
            weights = self._method.weigh(batch, losses)
            chosen = batch.valid if weights is None else batch.valid & (weights > 0)
            each = None if weights is None or weights.dtype == torch.bool else weights[chosen]
            total = None if weights is None else (chosen.sum() if each is None else each.sum())
            self._method.observe(batch, losses)
        return selected_loss(hidden[chosen], weight, batch.targets[chosen], each, head.bias), total


class Loop:
    """Trains `model` on `rows` with `method`; the same seed gives the same weights, to the bit on one process.

    The bill goes into `ledger`. Give `moment` to go on where a run was.
    """

    def __init__(
        self,
        model: Any,
        rows: Rows,
        method: Method,
        recipe: Recipe,
        ledger: Ledger,
        *,
        seed: int,
        accelerator: accelerate.Accelerator,
        moment: Moment | None = None,
    ) -> None:
        self.recipe = recipe
        self.ledger = ledger
        self.step = 0
        self._accelerator = accelerator
        self._rows = rows
        self._order = Order(rows, seed)
        self._method = method
        self._parts = recipe.parts(accelerator.num_processes)
        self._counted(np.zeros(1, np.int64))  # a corpus without marks is refused here
        self._prices = Prices.of(model, rows.context)
        self._whole = Phase(start=0, steps=recipe.steps)
        optimizer = torch.optim.AdamW(_decayed(model, recipe.weight_decay), betas=recipe.betas, fused=True)
        weighed = _Weighed(model, method, self._charge_scores)
        self._weighed, self._optimizer = accelerator.prepare(weighed, optimizer)
        self._weighed.train()
        self._forget()
        torch.manual_seed(seed + accelerator.process_index)  # for dropout, other on each process
        if moment is not None:
            self._restore(moment)

    @property
    def model(self) -> Any:
        """The model as it is now, out of whatever spreads it."""
        return self._accelerator.unwrap_model(self._weighed).model

    def run(
        self, *, report: Callable[[Progress], None], look: Callable[[], None], save: Callable[[], None], every: float
    ) -> None:
        """Take the steps that are left, calling `look` and `save` where the recipe says.

        `report` is called about every `every` seconds, and before each `look` and `save`.
        Raises `MachineError` when memory does not suffice, or when the loss is no number any more.
        """
        while self.step < self.recipe.steps:
            with self.ledger.train.timed():
                self.advance()
                done = self.step
                stop = done in self.recipe.looks or done in self.recipe.saves
                due = stop or time.perf_counter() - self._since > every
                progress = self._progress() if due else None
            if progress is not None:
                report(progress)
            if done in self.recipe.looks:
                look()
            if done in self.recipe.saves:
                save()
            if progress is not None:
                self._forget()

    def moment(self, marker: Mapping[str, Any]) -> Moment:
        """What it takes to go on from here, with `marker` for whoever else reads it. All processes call it."""
        found = get_optimizer_state_dict(self._weighed, self._optimizer, options=WHOLE)["state"]
        tensors = {f"{name}.{key}": value.contiguous() for name, one in found.items() for key, value in one.items()}
        tensors |= _random()
        state = {"order": self._order.state(), "method": dict(self._method.state())}
        return Moment(step=self.step, marker={**marker, "step": self.step, "state": state}, optimizer=tensors)

    def weights(self) -> dict[str, torch.Tensor]:
        """The model's weights, gathered from all processes, which all call it; of tied ones only the one that rules."""
        found = self._accelerator.get_state_dict(self._weighed)
        own = {name.removeprefix("model."): value for name, value in found.items()}
        for name in getattr(self.model, "all_tied_weights_keys", ()):
            own.pop(name, None)
        return own

    def _restore(self, moment: Moment) -> None:
        self.step = moment.step
        self.ledger.restore(moment.marker["bill"])
        self._order.restore(moment.marker["state"]["order"])
        self._method.restore(moment.marker["state"]["method"])
        state: dict[str, dict[str, torch.Tensor]] = {}
        for tensor, value in moment.optimizer.items():
            name, _, key = tensor.rpartition(".")
            if name == RANDOM:
                torch.set_rng_state(value) if key == "cpu" else torch.cuda.set_rng_state(value)
            else:
                state.setdefault(name, {})[key] = value
        # the groups are those of the recipe, which has not changed
        groups = get_optimizer_state_dict(self._weighed, self._optimizer, options=WHOLE)["param_groups"]
        whole = {"state": state, "param_groups": groups}
        set_optimizer_state_dict(self._weighed, self._optimizer, whole, options=WHOLE)

    def advance(self) -> None:
        """Take one step."""
        recipe, processes = self.recipe, self._accelerator.num_processes
        self._follow(self._method.phase(self.step) or self._whole)
        ids = self._order.take(recipe.batch, self._method.mixture(self.step), self._method.pool(self.step))
        valid = int(self._counted(ids).sum())
        whole = max(1, valid)  # of no answers in a step nothing is learnt
        weight: torch.Tensor | None = None
        batches = list(self._batches(ids))
        for at, batch in enumerate(batches):
            last = at == len(batches) - 1
            with nullcontext() if last else self._accelerator.no_sync(self._weighed):
                loss, found = self._passed(batch)
                # processes average their gradients where the sum is wanted
                self._accelerator.backward(loss * (processes / whole))
            self._loss += loss.detach()
            if found is not None:
                weight = found if weight is None else weight + found
        if weight is not None:
            weight = self._accelerator.reduce(weight)
            # the gradients are those of the sum over `whole`, and the mean is over the weights
            scale = whole / weight.clamp(min=1e-6)
            torch._foreach_mul_([one.grad for one in self._weighed.parameters() if one.grad is not None], scale)
        self._norm = self._accelerator.clip_grad_norm_(self._weighed.parameters(), recipe.clip)
        self._optimizer.step()
        self._optimizer.zero_grad()
        tokens = ids.size * self._rows.context
        self.ledger.train.add(forwarded=tokens, flops=3 * tokens * self._prices.forward_body)
        self._weight += valid if weight is None else weight
        self._steps += 1
        self.step += 1

    def _follow(self, phase: Phase) -> None:
        """Set the optimiser as the schedule of `phase` has it."""
        recipe = self.recipe
        if self.step == phase.start:
            self._optimizer.state.clear()
        self._rate = learning_rate(
            self.step - phase.start,
            peak=recipe.lr if phase.lr is None else phase.lr,
            steps=phase.steps,
            warmup=min(recipe.warmup, phase.steps) if phase.warmup is None else phase.warmup,
            decay=recipe.decay,
            floor=recipe.floor,
        )
        matrices, others = self._optimizer.param_groups
        matrices["lr"] = others["lr"] = self._rate
        matrices["weight_decay"] = recipe.weight_decay if phase.weight_decay is None else phase.weight_decay

    def _passed(self, batch: Batch) -> Any:
        try:
            return self._weighed(batch)
        except RuntimeError as error:
            if not any(sign in str(error) for sign in ("out of memory", "can't allocate memory")):
                raise
        raise MachineError(
            f"{self.recipe.micro_batch} rows of {self._rows.context} tokens do not fit into memory",
            "give a smaller micro_batch",
        )

    def _batches(self, ids: "np.ndarray[Any, Any]") -> Iterator[Batch]:
        """This process's part of a step, in batches that go through the model at once."""
        size, device = self.recipe.micro_batch, self._accelerator.device
        for part in range(self._accelerator.process_index, self._parts, self._accelerator.num_processes):
            rows = ids[part * size : (part + 1) * size]
            marks = self._rows.marks(rows)
            yield Batch(
                rows=torch.from_numpy(rows),
                tokens=self._rows.tokens(rows).to(device),
                valid=self._counted(rows).to(device),
                marks=None if marks is None else marks.to(device),
                step=self.step,
                part=part,
            )

    def _counted(self, ids: "np.ndarray[Any, Any]") -> torch.Tensor:
        """The targets of rows that may count in the loss, (rows, context) of bool."""
        valid = self._rows.valid(ids)
        if not self.recipe.marked_only:
            return valid
        marks = self._rows.marks(ids)
        if marks is None:
            raise ConfigError("the corpus marks nothing to count", "leave --marked-only away")
        return valid & marks

    def _charge_scores(self, batch: Batch) -> None:
        tokens = batch.valid.numel() * self._accelerator.num_processes
        self.ledger.train.add(flops=tokens * self._prices.forward_head)

    def _progress(self) -> Progress:
        """What the steps since the last report came to; their share of the bill that only the device knew is paid."""
        counted = float(self._weight)
        self.ledger.train.add(in_loss=round(counted), flops=3 * counted * self._prices.forward_head)
        loss = float(self._accelerator.reduce(self._loss)) / max(counted, 1.0)
        if not math.isfinite(loss):
            raise MachineError(f"the loss is {loss} after {self.step} steps", "lower the learning rate, or clip more")
        tokens = self._steps * self.recipe.batch * self._rows.context
        return Progress(
            step=self.step,
            loss=loss,
            lr=self._rate,
            gradient_norm=float(self._norm),
            tokens_per_second=tokens / (time.perf_counter() - self._since),
            notes=self._method.notes(),
        )

    def _forget(self) -> None:
        """Begin to count anew for the next report."""
        self._loss = torch.zeros((), device=self._accelerator.device)
        self._weight: torch.Tensor | float = 0.0
        self._steps = 0
        self._since = time.perf_counter()


def _random() -> dict[str, torch.Tensor]:
    """Where torch's random numbers are; models with dropout draw from them."""
    found = {f"{RANDOM}.cpu": torch.get_rng_state()}
    return {**found, f"{RANDOM}.cuda": torch.cuda.get_rng_state()} if torch.cuda.is_available() else found


def _decayed(model: Any, weight_decay: float) -> list[dict[str, Any]]:
    """The parameters in two groups: matrices decay, and gains and biases do not."""
    parameters = [one for one in model.parameters() if one.requires_grad]
    return [
        {"params": [one for one in parameters if one.ndim >= 2], "weight_decay": weight_decay},
        {"params": [one for one in parameters if one.ndim < 2], "weight_decay": 0.0},
    ]
