"""Clean a corpus: what the commands of `benchcore data` do, as functions."""

import dataclasses
import gzip
import importlib.util
import json
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchcore import __version__, catalog, checkpoint
from benchcore.api.summary import item
from benchcore.api.teaching import asking
from benchcore.api.work import data_for
from benchcore.comparison.subsets import Similarities
from benchcore.config.curation import (
    CurationConfig,
    DecontaminateConfig,
    DedupConfig,
    FilterConfig,
    FunctionsConfig,
    LabelConfig,
    SimilarConfig,
)
from benchcore.curation.manifest import Manifest
from benchcore.curation.sources import corpus_files, entries
from benchcore.curation.stage import Job, Pace, Watch, run, stem
from benchcore.data.source import file_digest
from benchcore.data.texts import LINES
from benchcore.errors import CheckpointError, ConfigError, DataError, MissingExtra
from benchcore.journal import trouble
from benchcore.store import replace_file

INSTALL = 'python -m pip install "benchcore[data]"'
PLACES = ("out", "scored", "data")  # settings that say where, and not what


def _ignore(pace: object) -> None:
    pass


def functions(sources: Sequence[str], config: FunctionsConfig, watch: Watch = _ignore) -> Manifest:
    """Cut Python files into rows with the fields path, name and text, one for each function and method."""
    from benchcore.curation.functions import Functions

    return run(_job("functions", sources, config, _python()), Functions(config.text_field), watch)


def dedup(sources: Sequence[str], config: DedupConfig, watch: Watch = _ignore) -> Manifest:
    """Keep the first of documents that are the same, or nearly."""
    _need("datasketch", to="finding duplicates")
    from benchcore.curation.duplicates import Duplicates

    step = Duplicates(
        threshold=config.threshold, permutations=config.permutations, ngram=config.ngram, unit=config.unit,
        name=config.out.name,
    )  # fmt: skip
    return run(_job("dedup", sources, config), step, watch)


def label(sources: Sequence[str], config: LabelConfig, watch: Watch = _ignore) -> Manifest:
    """Have a teacher write the field label, true or false, into each row."""
    from benchcore.curation.labels import Labels, Rules, Stored

    kind, _, name = config.teacher.partition(":")
    if config.teacher == "rules":
        return run(_job("label", sources, config, _python()), Labels(Rules(), config.share), watch)
    if kind == "file" and name:
        stored = Stored(Path(name).expanduser(), text_field=config.text_field, id_field=config.id_field)
        step, more = Labels(stored, config.share), {"labels": file_digest(Path(name).expanduser())}
        return run(_job("label", sources, config, more), step, watch)
    if kind == "checkpoint" and name:
        with asking(_checkpoint(name), config.question, config.characters) as teacher:
            more = {"weights": teacher.digest}
            return run(_job("label", sources, config, more), Labels(teacher, config.share), watch)
    raise ConfigError(f"there is no teacher {config.teacher!r}", "rules, file:LABELS.jsonl or checkpoint:PATH")


def keep_good(sources: Sequence[str], config: FilterConfig, watch: Watch = _ignore) -> Manifest:
    """Keep the documents that a forest over embeddings, trained on labelled ones, takes for good.

    All rows with their quality go to `config.scored`.
    """
    _need("sklearn", to="the forest of a filter")
    if not config.labels.is_file() or not config.labels.name.endswith(LINES):
        raise ConfigError(f"{config.labels} is no file of labelled rows", "benchcore data label writes one")
    from benchcore.curation.embeddings import Embedder
    from benchcore.curation.quality import Quality

    model = _checkpoint(config.model)
    more = {"labels": file_digest(config.labels), "weights": checkpoint.model_digest(model)}
    job = _job("filter", sources, config, more)
    scored = config.scored or config.out.with_name(f"{stem(config.out)}.scored.jsonl")
    step = Quality(
        config.labels, Embedder(model, tokens=config.tokens), text_field=config.text_field, trees=config.trees,
        heldout=config.heldout, seed=config.seed, precision=config.precision, threshold=config.threshold,
    )  # fmt: skip
    return run(dataclasses.replace(job, every=scored), step, watch)


def decontaminate(sources: Sequence[str], config: DecontaminateConfig, watch: Watch = _ignore) -> Manifest:
    """Drop documents that share n-grams of words with tasks or texts, or hold a copy of their code."""
    _need("rapidfuzz", to="finding copies of code")
    from benchcore.curation.contamination import Contamination

    references, digests = [], {}
    for name, found, digest in _references(config):
        references += found
        digests[name] = digest
    more: dict[str, Any] = {"against": digests, **_python()}
    nearness = None
    if config.model is not None:
        from benchcore.curation.embeddings import Embedder
        from benchcore.curation.nearness import TOKENS, Near

        model, files = _checkpoint(config.model), corpus_files(sources)
        more["weights"] = checkpoint.model_digest(model)
        embedder = Embedder(model, tokens=TOKENS)
        nearness = Near(embedder, references, lambda: entries(files, config.text_field), config.near)
    step = Contamination(references, ngram=config.ngram, tau=config.tau, nearness=nearness)
    return run(_job("decontaminate", sources, config, more), step, watch)


def similar(sources: Sequence[str], config: SimilarConfig, watch: Watch = _ignore) -> Similarities:
    """How similar the nearest document is to each problem of tasks, by syntax as decontamination has it.

    Where `config.ngram` is given, a problem that shares so many words in a row with a document has similarity 1. Raises
    `DataError` where it is not and most problems of a task have no code: they would all be others.
    """
    _need("rapidfuzz", to="finding copies of code")
    from benchcore.curation.contamination import Words, codes, label, of_sample
    from benchcore.curation.copies import Copies

    if config.out.suffix != ".json":
        raise ConfigError(f"{config.out} is not a name for JSON", "end it with .json")
    files, pace = corpus_files(sources), Pace(doing="similar")
    references, problems = [], {}
    for named in catalog.expand(config.against):
        task = catalog.load_task(named.task)
        for sample in task.samples(data_for(task, config.data))[0]:
            references.append(of_sample(task.name, sample))
            problems[label(references[-1])] = task.name, item(sample)
    copies = Copies(codes(references), min(config.taus))
    words = None if config.ngram is None else Words(references, config.ngram)
    of_task, coded = (Counter(problems[name][0] for name in names) for names in (problems, copies.compared))
    for task_name, count in of_task.items():
        if words is None and 2 * coded[task_name] < count:
            raise DataError(
                f"only {coded[task_name]:,} of {count:,} problems of {task_name} have code to compare",
                "--ngram 13 looks for the same words",
            )
    best = dict.fromkeys(problems, 0.0)
    for entry in entries(files, config.text_field):
        if entry.fault is None:
            for copy in copies.all(entry.text):
                best[copy.name] = max(best[copy.name], round(copy.similarity, 6))
            best.update(dict.fromkeys(words.all(entry.text) if words else (), 1.0))
        size = len(entry.text.encode(errors="replace"))
        pace = dataclasses.replace(pace, documents=pace.documents + 1, bytes=pace.bytes + size)
        watch(pace)
    found: dict[str, dict[str, float]] = {}
    for name, (of, problem) in problems.items():
        found.setdefault(of, {})[problem] = best[name]
    made = Similarities(taus=config.taus, sources=tuple(sources), tasks=found)
    with trouble(config.out):
        config.out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(config.out, msgspec.json.format(msgspec.json.encode(made)))
    return made


def write(
    sources: Sequence[str], out: Path, *, text_field: str = "text", group_field: str | None = None,
    group: str | None = None,
) -> int:  # fmt: skip
    """Write the documents of a corpus, as `trainers.corpus.documents` has them, to JSON Lines; how many there are.

    Where a `group` is given it is that of all. The file is there when it is whole. Raises as `documents` does, and
    `MachineError` where the disk refuses.
    """
    from benchcore.trainers.corpus import documents

    if not sources:
        raise ConfigError("no corpus is given", "name files, folders, or generated:NAME?parameter=value")
    if not out.name.endswith(LINES):
        raise ConfigError(f"{out} is not a name for JSON Lines", f"end it with {' or '.join(LINES)}")
    count = 0
    scratch = out.with_name(f".{out.name}")
    with trouble(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            with gzip.open(scratch, "wt") if out.suffix == ".gz" else scratch.open("w", encoding="utf-8") as file:
                for one in documents(sources, text_field=text_field, group_field=group_field):
                    found = {"text": one.text, "group": group or one.group, "marks": one.marks}
                    file.write(json.dumps({name: value for name, value in found.items() if value is not None}) + "\n")
                    count += 1
            scratch.replace(out)
        finally:
            scratch.unlink(missing_ok=True)
    return count


def _references(config: DecontaminateConfig) -> Iterator[tuple[str, list[Any], str]]:
    """(name, its items, digest of its data) for each task and file that a corpus must not contain."""
    from benchcore.curation.contamination import of_sample, of_text

    files = [name for name in config.against if name.endswith(LINES)]
    for named in catalog.expand(name for name in config.against if name not in files):
        task = catalog.load_task(named.task)
        samples, digest = task.samples(data_for(task, config.data))
        yield task.name, [of_sample(task.name, sample) for sample in samples], digest
    for name in files:
        file = Path(name).expanduser()
        if not file.is_file():
            raise ConfigError(f"there is no file {name}", "--against takes tasks, suites and files of JSON Lines")
        found = [one for one in entries([file], config.text_field) if one.fault is None]
        if not found:
            raise DataError(f"{name} has no text that a corpus could contain")
        yield name, [of_text(name, one.where.rpartition(":")[2], one.text) for one in found], file_digest(file)


def _job(command: str, sources: Sequence[str], config: CurationConfig, more: Mapping[str, Any] | None = None) -> Job:
    """The job of a command, whose options are its settings and `more` that decides the result."""
    options = {one.name: getattr(config, one.name) for one in dataclasses.fields(config) if one.name not in PLACES}
    return Job(
        command=command, version=__version__, sources=tuple(sources), text_field=config.text_field,
        out=config.out.expanduser(), options={**options, **(more or {})},
    )  # fmt: skip


def _python() -> dict[str, Any]:
    """What decides how Python code is read."""
    return {"python": ".".join(platform.python_version_tuple()[:2])}


def _checkpoint(name: str) -> Path:
    """The folder of the one checkpoint that `name` means."""
    found, _ = checkpoint.find(name)
    if len(found) != 1:
        raise CheckpointError(f"{name} holds {len(found)} checkpoints", "name the folder of one of them")
    return found[0].path


def _need(*packages: str, to: str) -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(package, to, INSTALL)
