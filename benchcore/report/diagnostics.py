"""What puts a task's figures in doubt: counted, in words, and loud where it is too much to overlook."""

from dataclasses import dataclass

from benchcore.records import TaskRecord, Verdict

# From this share of the completions on (in percent) a diagnostic is loud.
LOUD_ANSWERS = 10
LOUD_MACHINERY = 2
# Programs of a weak model crash and hang as a matter of course; it is news only when many do.
LOUD_PROGRAMS = 20
NEVER_LOUD = 101

# Source of the count, loud from, short form, what was found, what to look at.
_KINDS = (
    (
        "truncated",
        LOUD_ANSWERS,
        "{share} truncated",
        "were cut off at the token limit",
        "whether they were still on their way to an answer (max_tokens, stop strings)",
    ),
    (
        Verdict.UNPARSED,
        LOUD_ANSWERS,
        "{share} unparsed",
        "hold no answer that the grader can read",
        "their texts, and at whether the prompt (shots, chat template) suits this model",
    ),
    (
        Verdict.TIMEOUT,
        LOUD_MACHINERY,
        "{count} timeout{s}",
        "ran out of time while they were graded",
        "the load of the machine and the grader's time limit",
    ),
    (
        Verdict.CRASHED,
        LOUD_MACHINERY,
        "{count} crashed",
        "crashed while they were graded",
        "their error messages, which may tell of a missing package or too little memory",
    ),
    (
        Verdict.UNDECIDED,
        LOUD_MACHINERY,
        "{count} undecided",
        "could not be decided by the grader",
        "the reasons in their grades",
    ),
    (
        Verdict.CHEATED,
        LOUD_MACHINERY,
        "{count} cheated",
        "left their tests, forged an answer or looked for them, and are scored 0",
        "the reasons in their grades, before the other programs are trusted",
    ),
    (
        Verdict.ERROR,
        LOUD_MACHINERY,
        "{count} grader error{s}",
        "met an error of the grader itself and are not scored",
        "the faults in their grades, and grade the run again",
    ),
    (
        "faults",
        LOUD_MACHINERY,
        "{count} fault{s}",
        "failed in the engine and are not scored",
        "their faults, and run the same command again",
    ),
    (
        "empty",
        LOUD_ANSWERS,
        "{count} empty",
        "are empty",
        "the stop strings and the chat template, which may end a text before it starts",
    ),
    (
        "near_ties",
        NEVER_LOUD,
        "{count} near a tie",
        "chose a token by so little that another batch may choose otherwise",
        "a finer number format (--dtype float32), where a figure turns on few samples",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One thing found in `count` of `total` completions.

    `words` is the short form ("3 % unparsed"), `sentence` says what was found and what to look at, and `loud`
    that the share is too large to trust the figures without having looked.
    """

    words: str
    count: int
    total: int
    loud: bool
    sentence: str


def diagnostics(task: TaskRecord) -> tuple[Diagnostic, ...]:
    """What was found in `task`, the loud first; nothing is listed that did not occur.

    Truncated and empty texts and faults are shares of the completions, verdicts of the grades.
    Loud from 10 % truncated, unparsed or empty on and from 2 % of anything else; where the grader runs
    programs, from 20 % timeouts or crashes on.
    """
    of_completions = {
        "truncated": task.truncated, "empty": task.empty, "faults": task.faults, "near_ties": task.near_ties,
    }  # fmt: skip
    grades = sum(task.verdicts.values())
    found = []
    for source, limit, short, what, look in _KINDS:
        count = of_completions.get(source, task.verdicts.get(source, 0))
        if not count:
            continue
        total = task.completions if source in of_completions else grades
        if source in (Verdict.TIMEOUT, Verdict.CRASHED) and _runs_programs(task):
            limit = LOUD_PROGRAMS
        words = short.format(share=share(count, total), count=count, s="" if count == 1 else "s")
        which = "all" if count == total else f"{count} of"
        part = "" if count == total else f" ({share(count, total)})"
        found.append(
            Diagnostic(
                words=words,
                count=count,
                total=total,
                loud=100 * count >= limit * total,
                sentence=f"{which} {total} completions{part} {what}: look at {look}.",
            )
        )
    return tuple(sorted(found, key=lambda one: not one.loud))


def share(count: int, total: int) -> str:
    """`count` of `total` in whole percent, where "0 %" is said of none only and "100 %" of all only."""
    if count <= 0 or total <= 0:
        return "0 %"
    percent = 100 * count / total
    if count < total and percent > 99:
        return ">99 %"
    return "<1 %" if percent < 1 else f"{percent:.0f} %"


def _runs_programs(task: TaskRecord) -> bool:
    return bool(task.isolation)
