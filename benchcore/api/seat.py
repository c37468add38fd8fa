"""One engine for a series of checkpoints: started once, and given other weights where they fit."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Protocol

from benchcore import catalog
from benchcore.checkpoint import Checkpoint
from benchcore.config import EvalConfig
from benchcore.engines import Engine
from benchcore.engines.choice import choose
from benchcore.errors import BenchcoreError, MachineError
from benchcore.records import Completion, Request
from benchcore.store import read_config


def engine_for(found: Sequence[Checkpoint], config: EvalConfig) -> tuple[str, str]:
    """The engine for all of `found`, and why: where `auto` may choose, the one that their run folders were begun with.

    What is installed may change between two runs; answers of two engines may not be mixed.
    """
    folders = [config.out / one.name for one in found]
    begun = {read_config(one)["run"]["engine"] for one in folders if (one / "config.toml").is_file()}
    if config.engine == "auto" and len(begun) == 1 and begun <= catalog.ENGINES.keys():
        return begun.pop(), "its answers are in the run folder already"
    return choose(config.engine, [one.path for one in found])


class MakeEngine(Protocol):
    """Makes an engine for a checkpoint; an engine's class is one."""

    family: str

    def __call__(self, checkpoint: Checkpoint, config: EvalConfig) -> Engine:
        """An engine whose weights are not yet loaded."""
        ...


class Seat(Protocol):
    """Where an evaluation takes its engine from."""

    family: str

    def take(self, checkpoint: Checkpoint, requests: Sequence[Request]) -> Engine:
        """An engine that runs `checkpoint` and can answer `requests`."""
        ...


class EngineSeat:
    """Holds the engine of an evaluation of `found`, made when the first is needed: by `make` where it is given.

    `family` is the engine's, and `because` says why that one.
    """

    def __init__(self, found: Sequence[Checkpoint], config: EvalConfig, make: MakeEngine | None) -> None:
        chosen, self.because = engine_for(found, config)
        self.family = make.family if make else chosen
        self._make = make
        self._config = config
        self._engine: Engine | None = None
        self._stack = ExitStack()

    def __enter__(self) -> "EngineSeat":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def take(self, checkpoint: Checkpoint, requests: Sequence[Request]) -> Engine:
        """An engine that runs `checkpoint` and can answer `requests`, which later ones may not exceed.

        Raises `ConfigError` for requests that cannot be answered and `CheckpointError` for weights that do not load.
        """
        try:
            if self._engine is not None and self._engine.swap(checkpoint):
                return self._engine
        except BaseException:
            self.clear()
            raise
        self.clear()
        make = self._make or catalog.load_engine(self.family)
        engine: Engine = make(checkpoint, self._config)
        engine.check(requests)
        self._engine = self._stack.enter_context(engine)
        return engine

    def clear(self) -> None:
        """Leave the engine, if there is one."""
        self._engine = None
        self._stack.close()


def alive(completions: Iterator[Completion]) -> Iterator[Completion]:
    """The engine's completions; its death is the machine's trouble, which running again may mend."""
    try:
        yield from completions
    except BenchcoreError:
        raise
    except Exception as error:  # the boundary to engines: torch and vLLM raise nearly anything
        why = str(error).strip().partition("\n")[0]
        raise MachineError(
            f"the engine died: {type(error).__name__}: {why}", "run the same command again; what is there is kept"
        ) from error
