"""Grades an answer that is one of several options (MathQA, MMLU, SAT): the last option stated, never a guess.

A target is the letter of the right option ("C"); the fact "choices" holds the options' texts in order, without
their letters. An option is stated by its letter, or by its text or value where exactly one option has it.
"A or B" states none, and the article "a" is no letter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from benchcore.graders.algebra import Relation, compare
from benchcore.graders.answers import Answers, Finding
from benchcore.graders.extract import (
    Span,
    Statement,
    affirmed,
    conclusions,
    first_line,
    formulas,
    head,
    joined,
    last_bold,
    refused,
    sentence,
    statements,
    window,
)
from benchcore.graders.quantities import in_digits, last, opening, plain
from benchcore.records import Sample, Verdict

LETTERS = ascii_uppercase
LONGEST = 400  # characters of a statement that are read

_LEAD = re.compile(
    r"(?:(?:option|choice|letter|alternative|answer|definitely|clearly|therefore|thus|hence|so|it is|it['\u2019]s"
    r"|probably|likely|simply|just|either"
    r"|\\(?:text|textbf|mathrm|mathbf|boxed|bf|rm))(?![A-Za-z])|(?:solution|result):|[\s*_`\"'$\\:({\[~,])*+",
    re.IGNORECASE,
)
_LETTER = re.compile(r"([A-Ja-j])(?![A-Za-z0-9'\u2019])((?:\\?[)\]}*_`\"'$]|[.:]|\s\))*+)")
_OTHER = re.compile(
    r"\s{0,2}(?:,|/|&|,? ?(?:or|and|nor)\b)\s{0,2}(?:(?:option|choice|letter)\s)?"
    r"[(\[*\"']{0,4}([A-J])(?![A-Za-z0-9'\u2019])"
)
_REASON = re.compile(
    r"[\s*]*(?:[,;(\u2014\u2013]|- "
    r"|(?:because|since|as|so|which|given|therefore|rather than|and not|instead of)\b|not\s[A-J]\b)"
)
_VERDICT = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:option|choice|answer|alternative|letter)\s{1,2})?[(\[*\"'$]{0,4}(?:\\text\{\(?)?([A-J])[)\]}*\"'$.:]{0,5}"
    r"(?:\s[^.\n]{0,60}?)?\s(?:is|must be|would be|has to be)\s(?:therefore |thus )?(?:the )?(?:only |best |most )?"
    r"(?:(?:correct|right|true|accurate|appropriate)(?:\s(?:answer|option|choice|one|statement))?|answer)(?=[\s.,;:!*]|$)"
)
_WORD_COMMAND = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mbox|boxed)\s?\{([^{}]*)\}")
_WORDS = re.compile(r"[a-z]{2,}")
_CORRECTED = re.compile(r"\b(?:no,? wait|wait|no|actually|i mean|sorry)\b[,:]?", re.IGNORECASE)
_MENTIONED = re.compile(
    r"(?i:^(?:so|thus|hence|therefore)|\b(?:option|choice|only))[, ]\s?[(\[]?"
    r"([B-HJ]\b|[A-J](?=[)\].:]|$)|[a-j](?=[)\]]))"
)
_THEN = re.compile(r", (?:so|thus|hence|therefore)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|neither|nor|or)\b|n['\u2019]t\b", re.IGNORECASE)
_ARTICLES = ("", "the ", "a ", "an ", "that ")
_MARKUP = " *_`\"'("


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """The option that a statement picks; where it picks none, the verdict on that and why."""

    index: int | None
    verdict: Verdict
    reason: str


SEVERAL = Pick(index=None, verdict=Verdict.UNPARSED, reason="more than one option is stated")
NO_OPTION = Pick(index=None, verdict=Verdict.UNPARSED, reason="what is stated is no option")


def choice(rules: str = "value") -> Answers:
    """The grader of answers that are one of several options, for a task file; `rules`: "value" or "published:meh"."""
    return Answers(kind="choice", rules=rules)


def judge(sample: Sample, text: str) -> Finding:
    """Whether the option that the completion states is the target's letter."""
    choices = sample.facts.get("choices") or ()
    right = LETTERS[: len(choices)].find(sample.target)
    if right < 0 or len(sample.target) != 1:
        reason = f"the target {sample.target[:40]!r} is no letter of {len(choices)} choices"
        return Finding(verdict=Verdict.ERROR, reason=reason)
    return judge_option(choices, right, text)


def reference(sample: Sample) -> str:
    """The target's letter, stated."""
    return f"The answer is ({sample.target})."


def judge_option(choices: Sequence[str], right: int, text: str) -> Finding:
    """Whether the option stated is `choices[right]`."""
    found = extract(choices, text)
    if found is None:
        return Finding(verdict=Verdict.UNPARSED, reason="no option is stated")
    span, pick = found
    if pick.index is None:
        return Finding(verdict=pick.verdict, reason=pick.reason, span=span)
    verdict = Verdict.RIGHT if pick.index == right else Verdict.WRONG
    return Finding(verdict=verdict, reason=f"option {LETTERS[pick.index]}, {pick.reason}", span=span)


def extract(choices: Sequence[str], text: str) -> tuple[Span, Pick] | None:
    """The last statement of an option and what it picks, or None where nothing is stated."""
    text = window(text)
    found = list(statements(text, options=True))
    for said in _VERDICT.finditer(text):  # "B is correct"; "A or B is correct" states none
        letter = said.group() if _OTHER.search(said.group()) else said.group(1)
        found.append(Statement(at=said.start(1), end=said.end(), rule="verdict", text=letter))
    unread: tuple[Span, Pick] | None = None
    for statement in sorted(found, key=lambda each: each.at, reverse=True):
        stated = head(statement.text, LONGEST)
        pick = _read_last(choices, stated)
        span = Span(text=sentence(stated) or stated.strip(), rule=statement.rule)
        if pick is SEVERAL or pick.verdict in (Verdict.RIGHT, Verdict.WRONG):
            return span, pick
        unread = unread or (span, pick)
    for rule, line in (
        ("text", text.strip() if "\n" not in text.strip() else ""),
        ("first line", first_line(text)),
        ("last line", text.strip().rpartition("\n")[2]),
        ("bold", last_bold(text) or ""),
    ):
        said_last = affirmed(head(line, LONGEST))
        if said_last and (pick := _read_last(choices, said_last)).index is not None:
            return Span(text=said_last, rule=rule), pick
    return unread or concluded(choices, text)


def concluded(choices: Sequence[str], text: str) -> tuple[Span, Pick] | None:
    """The one option that the last sentence mentions by its letter, names in words, or comes to by a number."""
    line = head(next(conclusions(text), ""), LONGEST)
    span = Span(text=line, rule="last sentence")
    *_, clause = _THEN.split(line)
    if clause != line and (pick := read(choices, clause)).index is not None:
        return span, pick
    if refused(text) or _DENIED.search(line):
        return None
    letters = {letter.upper() for letter in _MENTIONED.findall(line)}
    if len(letters) == 1 and (index := LETTERS.find(letters.pop())) < len(choices):
        return span, Pick(index=index, verdict=Verdict.RIGHT, reason="by its letter")
    said = f" {re.sub(r'[^a-z0-9]+', ' ', words(line))} "
    in_words = [index for index, option in enumerate(choices) if _named(words(option), said)]
    if len(in_words) == 1:
        return span, Pick(index=in_words[0], verdict=Verdict.RIGHT, reason="by its text")
    before, _, tail = plain(line).rpartition("=")
    number = opening(tail) if before else last(plain(line))
    if number is None or in_words:
        return None
    pick = _by_value(choices, in_digits(number), is_number=True)
    return (span, pick) if pick.index is not None else None


def _named(option: str, said: str) -> bool:
    return not re.search(r"[^a-z '-]", option) and len(option) > 1 and f" {re.sub('[^a-z]+', ' ', option)} " in said


def _read_last(choices: Sequence[str], statement: str) -> Pick:
    """What a statement picks, or its correction ("A. No, B")."""
    for clause in reversed(_CORRECTED.split(statement)[1:]):
        if (pick := read(choices, clause)).index is not None:
            return pick
    return read(choices, statement)


def read(choices: Sequence[str], statement: str) -> Pick:
    """The option that a statement opens with: a letter, or the text or value of exactly one option."""
    by_text = read_text(choices, statement)
    lead = _LEAD.match(statement)
    at = lead.end() if lead else 0
    found = _LETTER.match(statement, at)
    if found is None:
        return by_text
    index = LETTERS.find(found[1].upper())
    rest = statement[found.end() :].partition("\n")[0]
    closed = any(mark in found[2] for mark in ")]}.:") or (lead is not None and lead.group().endswith(("(", "[")))
    if index >= len(choices):
        return by_text
    if _OTHER.match(statement, found.end()):
        return SEVERAL
    if not closed and rest.strip(" .") and not _explains(rest, choices[index], found[1]):
        return by_text
    if by_text.index not in (None, index) and not closed:
        return SEVERAL
    return Pick(index=index, verdict=Verdict.RIGHT, reason="by its letter")


def _explains(rest: str, option: str, letter: str) -> bool:
    """Whether what follows an open letter shows that it is one: its option's text, or a reason."""
    return words(rest).startswith(words(option)) or (letter != "a" and _REASON.match(rest) is not None)


def read_text(choices: Sequence[str], statement: str) -> Pick:
    """The option whose text or value a statement is, if it is exactly one."""
    clause = sentence(statement.lstrip()).strip(" *_`\"'")
    said, options = words(clause), [words(option) for option in choices]
    same = [index for index, option in enumerate(options) if option == said]
    if not same and _WORDS.search(said):
        same = [i for i, option in enumerate(options) if _WORDS.search(option) and _opens(said, option)]
        same = [i for i in same if len(options[i]) == max(len(options[j]) for j in same)]
        others = [
            i
            for i, option in enumerate(options)
            if i not in same and _WORDS.search(option) and f" {option} " in f" {said} "
        ]
        if same and any(options[i] not in options[same[0]] for i in others):
            return SEVERAL
    if len(same) == 1:
        return Pick(index=same[0], verdict=Verdict.RIGHT, reason="by its text")
    if len(same) > 1:
        return SEVERAL
    value = _value(statement, clause)
    if value is None:
        return NO_OPTION
    return _by_value(choices, *value)


def _by_value(choices: Sequence[str], value: str, is_number: bool) -> Pick:
    relations = [compare(_number(option) if is_number else option, value).relation for option in choices]
    if relations.count(Relation.EQUAL) == 1:
        return Pick(index=relations.index(Relation.EQUAL), verdict=Verdict.RIGHT, reason="by its value")
    if Relation.EQUAL in relations:
        return SEVERAL
    if Relation.UNDECIDED in relations:
        return Pick(index=None, verdict=Verdict.UNDECIDED, reason="what is stated cannot be compared with the options")
    return Pick(index=None, verdict=Verdict.WRONG, reason="what is stated is none of the options")


def _opens(said: str, option: str) -> bool:
    """Whether words open with an option's, an article in front or not."""
    return any(
        re.match(r"\w", said[len(head) :]) is None
        for head in (f"{a}{option}" for a in _ARTICLES)
        if said.startswith(head)
    )


def _value(statement: str, clause: str) -> tuple[str, bool] | None:
    """The value that a statement opens with: its formula, its number (marked True), or itself if it is one."""
    spans = formulas(statement)
    if spans and not statement[: spans[0][0]].strip(_MARKUP):
        return joined(statement, spans), False
    if number := opening(plain(clause)):
        return in_digits(number), True
    return (clause, False) if re.search(r"[0-9\\=^]", clause) else None


def _number(option: str) -> str:
    """The number that an option opens with, where it does, without its unit."""
    number = opening(plain(option))
    return in_digits(number) if number else option


def words(text: str) -> str:
    """`text` as words to compare: lower case, without TeX's commands for words, quotes, and the dot at its end."""
    text = _WORD_COMMAND.sub(r"\1", text).replace("$", "")
    text = re.sub(r"[\"'`*_\u2018\u2019\u201c\u201d]", "", text)
    return re.sub(r"\s+", " ", text).strip().rstrip(".,;:!").strip().casefold()
