"""`train`: corpus, model and method -> checkpoints, and held-out losses on the way, in one folder.

train.toml               what may not change while the run goes on
tasks/NAME.py            the held-out sets, as tasks for benchcore eval
checkpoint-00000450/     what engines load
heldout/step-00000450/   run folders of the held-out losses, as of benchcore eval; beside them what they share
log.jsonl                loss, learning rate and speed
"""

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import numpy.typing as npt
import tomli_w
import torch
import transformers

from benchcore import catalog, checkpoint
from benchcore.api import heldout
from benchcore.config import TrainConfig
from benchcore.errors import ConfigError, MachineError, MissingExtra
from benchcore.interop.loggers import Logger, check_loggers, open_loggers
from benchcore.journal import mismatch, trouble
from benchcore.records import RunRecord, digest
from benchcore.skill_graph import FILE, read_graph
from benchcore.store import read_record, replace_file, run_folders
from benchcore.trainers.checkpoints import folder_of, is_written, newest, read
from benchcore.trainers.checkpoints import save as save_checkpoint
from benchcore.trainers.corpus import documents, fingerprint
from benchcore.trainers.ledger import Ledger
from benchcore.trainers.loop import Loop, Progress, Recipe
from benchcore.trainers.method import Lab
from benchcore.trainers.model import SHAPES, fresh, is_shape
from benchcore.trainers.model import load as load_model
from benchcore.trainers.probes import Probes
from benchcore.trainers.rows import Rows, packed
from benchcore.trainers.schedule import evenly, log_spaced
from benchcore.trainers.skillit import IDENTITY, LEARNT
from benchcore.trainers.tokenizer import VERSION as TOKENIZERS
from benchcore.trainers.tokenizer import characters, train_bpe
from benchcore.trainers.tokenizer import load as load_tokenizer
from benchcore.trainers.validation import group_losses

try:
    import accelerate
except ImportError as error:
    raise MissingExtra("accelerate", "training", 'pip install "benchcore[train]"') from error

SETTINGS = "train.toml"
EVERY = 2.0  # seconds between two lines of the log
# What is told apart by digests, or changes nothing of what is trained.
PLACES = ("data", "heldout", "model", "tokenizer", "tokenizer_data", "loggers", "out", *catalog.METHODS)
# Options of methods: models, of which the last checkpoint is meant and the bill is charged, and texts.
MODELS = ("reference", "proxy")
TEXTS = ("validation", "desired")
TRAINED = ("bpe", "characters")  # tokenizers that are made of a corpus


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainProgress:
    """How far a training run is: after `step` of `steps`. `loss` is the mean of what was trained on lately."""

    run: str
    doing: str
    step: int = 0
    steps: int = 0
    loss: float | None = None
    tokens_per_second: float | None = None
    seconds_left: float | None = None


Watch = Callable[[TrainProgress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A finished training run: its folder, its last checkpoint, and its held-out losses in the order of steps."""

    run: Path
    checkpoint: Path
    records: tuple[RunRecord, ...]


def _nobody(progress: TrainProgress) -> None:
    """Of several processes the first alone says how far all are."""


def train(method: str, config: TrainConfig, *, watch: Watch = _nobody) -> Trained:
    """Train with `method`; the same call goes on where an earlier one stopped, to the same weights.

    Started by accelerate on several processes, each step's batch is shared among them.
    Raises `BenchcoreError` before the first step whenever the fault can be seen by then: `ConfigError` for settings
    that cannot be meant, `RunMismatch` where the folder holds another run, `MachineError` where another process is
    at it.
    """
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    kind = catalog.load_method(method)
    out = _folder(method, config)
    start = None if is_shape(config.model) else last_checkpoint(config.model)
    options = _options(method, config)
    made = kind(**options)
    accelerator = _accelerator(config.dtype)
    if not accelerator.is_main_process:
        watch = _nobody
    say = _teller(out, watch)
    with ExitStack() as stack:
        if accelerator.is_main_process:
            stack.enter_context(_held(out))
        say("reading the corpus")
        with accelerator.main_process_first():
            tokenizer = _tokenizer(config, start)
            pack = partial(
                packed,
                tokenizer=tokenizer,
                context=config.context,
                cache=checkpoint.cache_folder(),
                text_field=config.text_field,
                group_field=config.group_field,
            )
            rows = pack(config.data)
        identity = _identity(method, config, options, rows, start)
        if accelerator.is_main_process:
            _check(out, identity)
        ledger = Ledger()
        for used in dict.fromkeys(filter(None, (start, *(options.get(name) for name in MODELS)))):
            ledger.prepare.charge(checkpoint.billed(used))
        if not is_written(out, config.steps):
            place = newest(out)
            moment = None if place is None else read(place)
            model = _model(config, place or start, tokenizer)
            recipe = _recipe(config)

            def measure(texts: Rows) -> npt.NDArray[np.float64]:
                losses, flops = group_losses(model, texts, accelerator.device)
                ledger.train.add(flops=flops)
                return losses

            lab = Lab(
                rows=rows,
                steps=config.steps,
                seed=config.seed,
                marked_only=config.marked_only,
                device=accelerator.device,
                run=out,
                cache=checkpoint.cache_folder(),
                ledger=ledger,
                processes=accelerator.num_processes,
                parts=recipe.parts(accelerator.num_processes),
                pack=pack,
                measure=measure,
                probes=Probes(
                    start=partial(_model, config, start, tokenizer),
                    model=_known_as(config, start),
                    rows=rows,
                    recipe=recipe,
                    seed=config.seed,
                    accelerator=accelerator,
                    cache=checkpoint.cache_folder(),
                ),
                watch=say,
            )
            # what the first process makes is there for the others
            with accelerator.main_process_first(), ledger.prepare.timed():
                made.prepare(lab)
            loop = Loop(model, rows, made, recipe, ledger, seed=config.seed, accelerator=accelerator, moment=moment)
            if accelerator.is_main_process:  # only now, so that what was refused by then does not hold the folder
                with trouble(out):
                    replace_file(out / SETTINGS, tomli_w.dumps(identity).encode())
            _run(loop, config, out, tokenizer, accelerator, watch, stack)
    folders = run_folders(out / heldout.FOLDER)
    records = [record for folder in folders if (record := read_record(folder)) is not None]
    records.sort(key=lambda record: record.step or 0)
    return Trained(run=out, checkpoint=folder_of(out, config.steps), records=tuple(records))


def last_checkpoint(where: str) -> Path:
    """The checkpoint that `where` is, or the last of the training run that it is. Raises `CheckpointError`."""
    return checkpoint.find(where)[0][-1].path


def _folder(method: str, config: TrainConfig) -> Path:
    if not config.data:
        raise ConfigError("no corpus is given", "pass --data FILE[,FILE]")
    check_loggers(config.loggers)
    out = config.out or Path("runs") / f"{method}-seed{config.seed}"
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out} is a file, not a folder", "give another --out")
    return out


def _options(method: str, config: TrainConfig) -> dict[str, Any]:
    """What the method is made with: the settings that bear its name, with models as checkpoints."""
    options = asdict(getattr(config, method)) if hasattr(config, method) else {}
    found = {name: last_checkpoint(options[name]) for name in MODELS if options.get(name) is not None}
    return {**options, **found}


def _accelerator(dtype: str) -> accelerate.Accelerator:
    cuda = torch.cuda.is_available()
    bfloat = dtype == "bfloat16" or (dtype == "auto" and cuda)
    return accelerate.Accelerator(cpu=not cuda, mixed_precision="bf16" if bfloat else "no")


def _teller(out: Path, watch: Watch) -> Callable[[str], None]:
    return lambda doing: watch(TrainProgress(run=out.name, doing=doing))


@contextmanager
def _held(out: Path) -> Iterator[None]:
    """The run's folder, for this process alone."""
    with trouble(out):
        out.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(out / "train.lock", blocking=False):
            yield
    except filelock.Timeout as error:
        raise MachineError(f"another process is training in {out}", "wait for it, or use another --out") from error


def _tokenizer(config: TrainConfig, start: Path | None) -> Any:
    wanted = config.tokenizer or ("bpe" if start is None else str(start))
    if wanted not in TRAINED:
        return load_tokenizer(wanted)
    sources = config.tokenizer_data or config.data
    asked = (wanted, config.vocab_size if wanted == "bpe" else None)
    made_of = digest(TOKENIZERS, *asked, fingerprint(sources, text_field=config.text_field))
    folder = checkpoint.cache_folder() / "tokenizers" / made_of
    with trouble(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.with_suffix(".lock")):
            if not folder.is_dir():
                texts = (one.text for one in documents(sources, text_field=config.text_field))
                made = train_bpe(texts, config.vocab_size) if wanted == "bpe" else characters(texts)
                scratch = folder.with_suffix(f".{os.getpid()}")
                made.save_pretrained(scratch)
                scratch.rename(folder)
    return load_tokenizer(folder)


def _identity(
    method: str, config: TrainConfig, options: Mapping[str, Any], rows: Rows, start: Path | None
) -> dict[str, Any]:
    """What may not change while the run goes on; corpora and checkpoints may move."""
    settings = {name: value for name, value in asdict(config).items() if name not in PLACES}
    known = {
        "method": method,
        **settings,
        "corpus": rows.digest,
        "model": _known_as(config, start),
        **{f"{method}.{name}": _content(name, value, config) for name, value in options.items()},
    }
    return {name: value for name, value in known.items() if value is not None}


def _known_as(config: TrainConfig, start: Path | None) -> str:
    """The model that a run starts from: a shape, or the digest of a checkpoint."""
    return config.model if start is None else checkpoint.model_digest(start)


def _content(name: str, value: Any, config: TrainConfig) -> Any:
    """An option of a method as it is told apart: files by what is in them."""
    if name in MODELS and value is not None:
        return checkpoint.model_digest(value)
    if name in TEXTS and value is not None:
        return fingerprint([value], text_field=config.text_field, group_field=config.group_field)
    if name == "graph" and value not in (*LEARNT, IDENTITY):
        place = Path(value).expanduser()
        return digest(asdict(read_graph(place / FILE if place.is_dir() else place)))
    return list(value) if isinstance(value, tuple) else value  # as TOML has them


def _check(out: Path, identity: Mapping[str, Any]) -> None:
    """Raise `RunMismatch` where the folder has another run, naming the first key in which it is another."""
    path = out / SETTINGS
    if path.is_file():
        known = tomllib.loads(path.read_text(encoding="utf-8"))
        for key in sorted(known.keys() | identity.keys()):
            if known.get(key) != identity.get(key):
                raise mismatch(out, key, known.get(key), identity.get(key))


def _model(config: TrainConfig, place: Path | None, tokenizer: Any) -> Any:
    if place is not None:
        return load_model(place, vocabulary=len(tokenizer), context=config.context)
    return fresh(
        SHAPES[config.model],
        vocabulary=len(tokenizer),
        context=config.context,
        end=tokenizer.eos_token_id,
        seed=config.seed,
        spread=config.init_std,
    )


def _recipe(config: TrainConfig) -> Recipe:
    return Recipe(
        steps=config.steps,
        batch=config.batch,
        micro_batch=config.micro_batch or config.batch,
        lr=config.lr,
        warmup=config.steps // 50 if config.warmup is None else config.warmup,
        decay=config.decay,
        floor=config.floor,
        weight_decay=config.weight_decay,
        betas=(config.beta1, config.beta2),
        clip=config.clip,
        marked_only=config.marked_only,
        looks=frozenset(log_spaced(config.steps, config.looks) if config.heldout else ()),
        saves=frozenset(evenly(config.steps, config.checkpoints)),
    )


def _run(
    loop: Loop,
    config: TrainConfig,
    out: Path,
    tokenizer: Any,
    accelerator: accelerate.Accelerator,
    watch: Watch,
    stack: ExitStack,
) -> None:
    """Take the steps that are left; the main process writes."""
    held: heldout.HeldOut | None = None
    logs: list[Logger] = []
    if accelerator.is_main_process:
        if config.heldout:
            held = stack.enter_context(_held_out(loop.model, config, out, tokenizer))
        logs = [stack.enter_context(one) for one in open_loggers(out, config, loop.step)]

    def report(progress: Progress) -> None:
        values = {name: value for name, value in asdict(progress).items() if name not in ("step", "notes")}
        for one in logs:
            one.log(progress.step, {**values, **progress.notes})
        left = (config.steps - progress.step) * config.batch * config.context
        watch(
            TrainProgress(
                run=out.name,
                doing="training",
                step=progress.step,
                steps=config.steps,
                loss=progress.loss,
                tokens_per_second=progress.tokens_per_second,
                seconds_left=left / progress.tokens_per_second,
            )
        )

    def look() -> None:
        if held is not None:
            held.look(loop.step, loop.ledger.train.forwarded, loop.ledger.bill())
        accelerator.wait_for_everyone()

    def save() -> None:
        bill = loop.ledger.bill()
        moment = loop.moment({"tokens": loop.ledger.train.forwarded, "bill": bill})
        weights = loop.weights()
        if accelerator.is_main_process:
            save_checkpoint(out, loop.model, weights, tokenizer, moment)
        accelerator.wait_for_everyone()

    loop.run(report=report, look=look, save=save, every=EVERY)


def _held_out(model: Any, config: TrainConfig, out: Path, tokenizer: Any) -> heldout.HeldOut:
    home = out / heldout.FOLDER / "model"
    if not home.is_dir():  # what a model that was loaded again says of itself differs in words
        scratch = home.with_suffix(f".{os.getpid()}")
        model.config.save_pretrained(scratch)
        tokenizer.save_pretrained(scratch)
        scratch.rename(home)
    tasks = heldout.write_tasks(out, config.heldout, config.text_field, config.group_field)
    return heldout.HeldOut(out, tasks, model, home)
