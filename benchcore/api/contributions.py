"""What the rows of a training run's corpus contribute to a held-out loss, along its checkpoints."""

import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import torch
import transformers

from benchcore import catalog, checkpoint
from benchcore.api.run_folders import CONTRIBUTIONS, read_contributions
from benchcore.data.documents import Document
from benchcore.errors import ConfigError, DataError, nearest
from benchcore.journal import trouble
from benchcore.records import Contributions
from benchcore.store import replace_file
from benchcore.trainers.contributions import contributions as contributed
from benchcore.trainers.contributions import summed_up
from benchcore.trainers.model import load
from benchcore.trainers.order import Order
from benchcore.trainers.pds import SCORES, drawn
from benchcore.trainers.rows import Ids, Rows, open_rows, pack
from benchcore.trainers.tokenizer import load as load_tokenizer

SETTINGS = "train.toml"

Watch = Callable[[str], None]


def contributions(
    run: Path, heldout: str | None = None, rows: int = 256, *, watch: Watch = lambda doing: None
) -> Contributions:
    """What up to `rows` rows that the run trains on, drawn alike, contribute to a held-out set at each checkpoint.

    As many of the held-out set are read. Where the run has several, `heldout` names one. What is found stays in the
    run's folder, where `compare` and `report` find it; the same question again is answered from there. Raises
    `ConfigError` for what is no training run, and `DataError` where its packed corpus is no longer in the cache, or
    fewer than two rows have anything that counts.
    """
    if rows < 2:
        raise ConfigError(f"rows must be 2 or more, got {rows}")
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    settings = _settings(run)
    name = _heldout(run, heldout)
    found, _ = checkpoint.find(str(run))
    weights = tuple(checkpoint.model_digest(one.path) for one in found)
    stored = {one.heldout: one for one in read_contributions(run)}
    if (known := stored.get(name)) and (known.asked, known.weights) == (rows, weights):
        return known
    corpus = _corpus(run, settings["corpus"])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    ids = Order(corpus, 0).take(min(rows, len(corpus)), pool=_pool(run, settings))
    ids = np.unique(ids[_counted(corpus, ids, marked_only=settings["marked_only"]) > 0])
    if len(ids) < 2:
        raise DataError(f"of the corpus of {run} {len(ids)} rows have anything that counts", "ask for more --rows")
    points = []
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = load_tokenizer(found[-1].path)
        wanted, marked = _wanted(run, name, tokenizer, corpus.context, Path(folder))
        desired = Order(wanted, 0).take(min(rows, len(wanted)))
        for one in found:
            watch(f"{run.name}: step {one.step:,} of {found[-1].step:,}")
            model = load(one.path, vocabulary=len(tokenizer), context=corpus.context)
            values = contributed(
                model.to(device), corpus, ids, wanted, desired,
                marked_only=settings["marked_only"], heldout_marked=marked,
            )  # fmt: skip
            points.append(summed_up(values, corpus, ids, step=one.step or 0, tokens=one.tokens or 0))
    made = Contributions(
        series=run.resolve().name, heldout=name, asked=rows, rows=len(ids), weights=weights, points=tuple(points)
    )
    with trouble(run):
        replace_file(
            run / CONTRIBUTIONS, msgspec.json.format(msgspec.json.encode([*({**stored, name: made}).values()]))
        )
    return made


def _pool(run: Path, settings: Mapping[str, Any]) -> npt.NDArray[np.bool_] | None:
    """The rows that the run trains on, where its method leaves some out for good."""
    if settings["method"] != "pds":
        return None
    asked = {name: settings[f"pds.{name}"] for name in ("ratio", "temperature")}
    return drawn(np.load(run / SCORES), seed=settings["seed"], **asked)


def _counted(corpus: Rows, ids: Ids, *, marked_only: bool) -> Ids:
    """How many targets of each row count, (ids,)."""
    counted, marks = corpus.valid(ids), corpus.marks(ids)
    if marked_only and marks is not None:
        counted = counted & marks
    found: Ids = counted.sum(1).numpy()
    return found


def _settings(run: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((run / SETTINGS).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{run} is no training run: it has no {SETTINGS}", "give one of benchcore train") from error


def _heldout(run: Path, asked: str | None) -> str:
    """The held-out set that is meant."""
    names = sorted(path.stem for path in (run / "tasks").glob("*.py"))
    if not names:
        raise ConfigError(f"{run} has no held-out set", "pass --heldout.NAME when it is trained")
    if asked is None and len(names) > 1:
        raise ConfigError(f"{run} has the held-out sets {', '.join(names)}", "name one with --heldout")
    if asked is not None and asked not in names:
        raise ConfigError(f"{run} has no held-out set {asked!r}", nearest(asked, names))
    return asked or names[0]


def _corpus(run: Path, digest: str) -> Rows:
    try:
        return open_rows(checkpoint.cache_folder() / "rows" / digest)
    except DataError as error:
        hint = "train it again for a step in another folder, and the corpus is packed again"
        raise DataError(f"the packed corpus of {run} is not in the cache", hint) from error


def _wanted(run: Path, name: str, tokenizer: Any, context: int, folder: Path) -> tuple[Rows, bool]:
    """The held-out set packed as the corpus is, and whether it has prompts, of which nothing counts."""
    samples, _ = catalog.load_task(str(run / "tasks" / f"{name}.py")).samples(None)
    prompted = any(sample.prompt for sample in samples)

    def documents() -> Iterator[Document]:
        for sample in samples:
            text = sample.continuations[0]
            marks = "0" * len(sample.prompt) + "1" * len(text) if prompted else None
            yield Document(text=f"{sample.prompt}{text}", marks=marks)

    return pack(documents(), tokenizer, context, folder, digest=name), prompted
