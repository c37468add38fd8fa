"""The bill of a recipe: what it spent on training, and on what it needs before that."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Spent:
    """Tokens that went through a model, targets that counted in a loss, floating-point operations and seconds."""

    forwarded: int = 0
    in_loss: int = 0
    flops: float = 0.0
    seconds: float = 0.0

    def add(self, *, forwarded: int = 0, in_loss: int = 0, flops: float = 0.0, seconds: float = 0.0) -> None:
        """Put more on the bill."""
        self.forwarded += forwarded
        self.in_loss += in_loss
        self.flops += flops
        self.seconds += seconds

    def charge(self, bill: Mapping[str, float]) -> None:
        """Put all of another recipe's bill on this one, such as that of a reference model."""
        for prefix in ("", "prepare "):
            self.forwarded += int(bill.get(f"{prefix}forwarded", 0))
            self.in_loss += int(bill.get(f"{prefix}in loss", 0))
            self.flops += bill.get(f"{prefix}flops", 0)
            self.seconds += bill.get(f"{prefix}seconds", 0)

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Put the time of what is done inside on the bill."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - started


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What training took, and apart from it what had to be there before: reference models, probe runs, labels.

    Held-out evaluation is on neither: every recipe pays it alike.
    """

    train: Spent = field(default_factory=Spent)
    prepare: Spent = field(default_factory=Spent)

    def bill(self) -> dict[str, float]:
        """The ledger as checkpoints carry it and tables show it."""
        return {
            "flops": self.train.flops,
            "prepare flops": self.prepare.flops,
            "seconds": round(self.train.seconds, 3),
            "prepare seconds": round(self.prepare.seconds, 3),
            "forwarded": self.train.forwarded,
            "in loss": self.train.in_loss,
            "prepare forwarded": self.prepare.forwarded,
            "prepare in loss": self.prepare.in_loss,
        }

    def restore(self, bill: Mapping[str, float]) -> None:
        """Go on from a `bill`."""
        for spent, prefix in ((self.train, ""), (self.prepare, "prepare ")):
            spent.forwarded = int(bill[f"{prefix}forwarded"])
            spent.in_loss = int(bill[f"{prefix}in loss"])
            spent.flops = bill[f"{prefix}flops"]
            spent.seconds = bill[f"{prefix}seconds"]
