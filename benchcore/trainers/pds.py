"""PDS: train on the rows that a proxy model finds best for a desired text, by optimal control.

After Gu et al. 2024, "Data Selection via Optimal Control for Language Models" (arXiv 2410.07064): the deployable
follow-up of the Learning Law. Rows of a sample are valued along a run of a proxy model, a scorer learns these values
and scores all rows, and a share of them is drawn to train on.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import filelock
import numpy as np
import numpy.typing as npt

from benchcore.checkpoint import model_digest
from benchcore.errors import ConfigError, MachineError
from benchcore.records import digest
from benchcore.trainers.learning_law.causal import Causal, OnRows
from benchcore.trainers.ledger import Spent
from benchcore.trainers.method import Lab, Method
from benchcore.trainers.model import load
from benchcore.trainers.order import Order
from benchcore.trainers.proxy import Inner, Proxy
from benchcore.trainers.rows import Ids, Rows
from benchcore.trainers.scorer import Scored, score_all
from benchcore.trainers.tokenizer import digest as tokenizer_digest
from benchcore.trainers.tokenizer import load as load_tokenizer

VERSION = 1  # of scores; they are made again where it has changed
SCORES, TABLE = "scores.npy", "table.json"
FURTHEST = 3.0  # standard deviations at which values are clipped


class PDS(Method):
    """Trains on a share `ratio` of the rows, drawn by score / `temperature` + Gumbel noise, the same in every step.

    The values of `proxy_rows` rows are measured along `inner_steps` steps of the `proxy`, a checkpoint, at the rate
    `inner_lr` on `inner_batch` rows each, at every `every`-th of them; they say how much a row lowers the loss on the
    `desired` texts. They are standardised and clipped, and a copy of the proxy learns them in `scorer_epochs` epochs
    at `scorer_lr`, to score all rows; where all rows have a value, that is their score. The paper has 100 steps;
    1 costs little. Raises `ConfigError` for options that cannot be meant.
    """

    def __init__(
        self,
        *,
        desired: str | None = None,
        proxy: Path | None = None,
        ratio: float = 0.4,
        temperature: float = 0.1,
        proxy_rows: int = 2048,
        inner_steps: int = 1,
        inner_batch: int = 64,
        inner_lr: float = 0.008,
        every: int = 10,
        scorer_epochs: int = 5,
        scorer_lr: float = 1e-4,
    ) -> None:
        if desired is None:
            raise ConfigError("pds needs texts whose loss is to fall", "pass --pds.desired FILE")
        if proxy is None:
            raise ConfigError("pds needs a proxy model", "pass --pds.proxy CHECKPOINT")
        if not 0 < ratio <= 1:
            raise ConfigError(f"ratio must be above 0 and at most 1, got {ratio}")
        counts = dict(proxy_rows=proxy_rows, inner_steps=inner_steps, inner_batch=inner_batch, every=every)
        for name, value in {**counts, "scorer_epochs": scorer_epochs}.items():
            if value < 1:
                raise ConfigError(f"{name} must be 1 or more, got {value}")
        for name, rate in (("temperature", temperature), ("inner_lr", inner_lr), ("scorer_lr", scorer_lr)):
            if not 0 < rate < float("inf"):
                raise ConfigError(f"{name} must be above 0 and finite, got {rate}")
        self._source = desired
        self._proxy = proxy
        self._ratio = ratio
        self._temperature = temperature
        self._proxy_rows = proxy_rows
        self._inner = Inner(steps=inner_steps, batch=inner_batch, rate=inner_lr, every=every)
        self._epochs = scorer_epochs
        self._scorer_lr = scorer_lr

    def prepare(self, lab: Lab) -> None:
        """Score the rows, or find them scored in the cache, and draw those to train on; scores stay with the run.

        Raises `ConfigError` where the proxy has another tokenizer than the corpus, or too short a context.
        """
        desired = lab.pack([self._source])
        began = time.perf_counter()
        scored, spent = self._scored(lab, desired)
        # what an earlier run took is on the bill too, and what was made now is timed by the caller
        before = max(0.0, spent.seconds - (time.perf_counter() - began))
        lab.ledger.prepare.add(forwarded=spent.forwarded, in_loss=spent.in_loss, flops=spent.flops, seconds=before)
        self._pool = drawn(scored.scores, ratio=self._ratio, temperature=self._temperature, seed=lab.seed)
        np.save(lab.run / SCORES, scored.scores)
        groups = lab.rows.group_of(np.arange(len(lab.rows)))
        self._notes = {
            f"drawn of {name}": float(self._pool[groups == at].mean())
            for at, name in enumerate(lab.rows.groups)
            if name is not None
        }
        if scored.agreement is not None:
            self._notes["agreement of the scorer"] = scored.agreement

    def pool(self, step: int) -> npt.NDArray[np.bool_]:
        """The rows that were drawn."""
        return self._pool

    def notes(self) -> Mapping[str, float]:
        """The share of each group that was drawn, and how well the scorer has learnt what it was to learn."""
        return self._notes

    def _scored(self, lab: Lab, desired: Rows) -> tuple[Scored, Spent]:
        """The scores of all rows and what they took, from the cache where they are there."""
        known = digest(
            VERSION, lab.rows.digest, desired.digest, model_digest(self._proxy), asdict(self._inner), self._proxy_rows,
            self._epochs, self._scorer_lr, lab.seed, lab.marked_only, lab.device.type,
        )  # fmt: skip
        folder = lab.cache / "pds" / known
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(folder.with_suffix(".lock")):
                if not (folder / TABLE).is_file():
                    spent = Spent()
                    with spent.timed():
                        made = self._made(lab, desired, spent)
                    np.save(folder / SCORES, made.scores)
                    written = folder / f"{TABLE}.tmp"
                    written.write_text(json.dumps({"agreement": made.agreement, "spent": asdict(spent)}))
                    written.replace(folder / TABLE)
                table = json.loads((folder / TABLE).read_bytes())
                found = Scored(scores=np.load(folder / SCORES), agreement=table["agreement"])
                return found, Spent(**table["spent"])
        except OSError as error:
            raise MachineError(f"cannot write the scores {folder}: {error.strerror or error}") from error

    def _made(self, lab: Lab, desired: Rows, spent: Spent) -> Scored:
        rows = lab.rows
        tokenizer = load_tokenizer(self._proxy)
        if rows.tokenizer != tokenizer_digest(tokenizer):
            raise ConfigError(
                f"the proxy {self._proxy} has another tokenizer than the corpus is packed with",
                f"pass --tokenizer {self._proxy}",
            )
        ids: Ids = Order(rows, lab.seed).take(min(self._proxy_rows, len(rows)))
        learner = Causal(
            load(self._proxy, vocabulary=len(tokenizer), context=rows.context).to(lab.device), rows.context
        )
        proxy = Proxy(
            OnRows(learner=learner, marked_only=lab.marked_only), learner.start(), rows, ids, desired,
            inner=self._inner, spent=spent, watch=lab.watch,
        )  # fmt: skip
        values = standardised(proxy.qualities())
        if len(ids) == len(rows):
            scores = np.empty(len(rows), np.float32)
            scores[ids] = values
            return Scored(scores=scores, agreement=None)
        model = load(self._proxy, vocabulary=len(tokenizer), context=rows.context)
        return score_all(
            model, rows, ids, values, epochs=self._epochs, rate=self._scorer_lr, seed=lab.seed, device=lab.device,
            spent=spent, watch=lab.watch,
        )  # fmt: skip


def standardised(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """`values` less their mean, in standard deviations, clipped at three; zeros where all are alike."""
    spread = float(values.std())
    found: npt.NDArray[np.float64] = (values - values.mean()) / spread if spread else np.zeros_like(values)
    return found.clip(-FURTHEST, FURTHEST)


def drawn(scores: npt.NDArray[np.float32], *, ratio: float, temperature: float, seed: int) -> npt.NDArray[np.bool_]:
    """Which rows are among the share `ratio` with the highest score / `temperature` + Gumbel noise, (rows,).

    It is drawing without replacement in proportion to exp(score / `temperature`).
    """
    raw = np.random.PCG64(np.random.SeedSequence((seed, VERSION))).random_raw(len(scores))
    uniform = ((raw >> np.uint64(11)) + 0.5) * 2.0**-53
    keys = scores.astype(np.float64) / temperature - np.log(-np.log(uniform))
    chosen = np.zeros(len(scores), np.bool_)
    chosen[np.argsort(-keys, kind="stable")[: max(1, round(ratio * len(scores)))]] = True
    return chosen
