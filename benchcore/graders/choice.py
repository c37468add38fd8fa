"""Grades an answer that is one of several options (MathQA, MMLU, SAT): the last option stated, never a guess.

A target is the letter of the right option ("C"); the fact "choices" holds the options' texts in order, without
their letters. An option is stated by its letter, or by its text or value where exactly one option has it.
"A or B" states none, nor does what its own clause denies ("B is wrong"), and the article "a" is no letter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    is_joint,
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
BEFORE = 80  # characters before an option that may deny it

_LEAD = re.compile(
    r"(?:(?:option|choice|letter|alternative|answer|definitely|clearly|therefore|thus|hence|so|it is|it['\u2019]s"
    r"|probably|likely|simply|just|either"
    r"|\\(?:text|textbf|mathrm|mathbf|boxed|bf|rm))(?![A-Za-z])|(?:solution|result):|[\s*_`\"'$\\:({\[~,])*+",
    re.IGNORECASE,
)
_LETTER = re.compile(r"([A-Ja-j])(?![A-Za-z0-9'\u2019])((?:\\?[)\]}*_`\"'$]|[.:]|\s\))*+)")
_ANOTHER = (
    r"(?:(?:option|choice|letter)\s)?(?:[(\[*\"'$]|\\text\s?\{){0,4}"
    r"(?:([A-J])(?![A-Za-z0-9'\u2019])|([a-j])(?=[)\]}]))[)\]}*\"'$]{0,4}"
)
_OTHER = re.compile(
    r"\s{0,2}(?:,|/|&|[,;(]? ?(?:or|and|nor|no)\b|\\text\s?\{,?\s?(?:or|and)\s?\})"
    rf"(?:\s(?:maybe|perhaps|possibly|probably|also|even)\b)?\s{{0,2}}{_ANOTHER}"
    rf"|(?<=[)\]])\s?(?=[(\[]){_ANOTHER}"
    rf"|;\s{_ANOTHER}(?=\s(?:(?:is|(?:could|may|might|would) be)\s)?(?:also|too|as well|right|correct|possible)\b)"
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
_CORRECTED = re.compile(
    r"(?:\b(?:no,? wait|wait(?:, no)?|actually|i mean|sorry)\b[,:]?|(?:^|(?<=[.!?\n])\s{0,4})no[,:])"
    r"(?:\s(?:it is|it['\u2019]s|the (?:right|correct) (?:one|answer|option|choice) is)\b)?"
    r"|\bthe (?:right|correct) one is\b|\b(?:it|that|this) should (?:be|have been)\b",
    re.IGNORECASE,
)
_MENTIONED = re.compile(
    r"(?i:^(?:so|thus|hence|therefore)|\b(?:option|choice|only))[, ]\s?[(\[]?"
    r"([B-HJ]\b|[A-J](?=[)\].:]|$)|[a-j](?=[)\]]))"
)
_THEN = re.compile(r", (?:so|thus|hence|therefore)\b", re.IGNORECASE)
_INSTEAD = re.compile(r",? (?:(?:and|but) )?(?:not|rather than|instead of) ")
_CERTAIN = re.compile(r",? ?\b(?:there is |there['\u2019]s |without |beyond )?(?:no|a|any) doubt\b", re.IGNORECASE)
_NOT = (
    r"(?:\b(?:not|never|neither|nor|none|cannot|incorrect|wrong|false|untrue|invalid|impossible|unlikely|except"
    r"|excluding|excluded|doubt(?:s|ed|ful)?|eliminate[sd]?|rule[sd]? out|ruling out|reject(?:s|ed)?|discard(?:s|ed)?"
    r"|fail(?:s|ed)?|opposite of|(?:anything|everything|all) but|other than)\b"
    r"|\b(?:is|are|was|were|do|does|did|ca|wo|could|would|should)n['\u2019]?t\b)"
)
_DENIED = re.compile(rf"{_NOT}|\b(?:no|or)\b", re.IGNORECASE)
_DENIED_BEFORE = re.compile(
    rf"(?:{_NOT}[ ](?:(?!the\b)\w+[ ]){{0,3}}|\b(?:doubt|(?:wrong|incorrect|false|untrue) that)\b[^,;:.!?\n]{{0,40}}"
    r"|\bno[ ](?:\w+[ ])?"
    r"|\b(?:none|neither)\b(?:[ ,()\[\]]|\b(?:of|and|or|nor|the|options?|choices?|answers?|[A-J])\b)*"
    r"|\b(?:first|initial|original|earlier|previous)[ ](?:(?:answer|choice|guess|option|pick)[ ](?:was|is)[ ])?)"
    r"[$*(\\\[ ]{0,4}$",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[,;:.!?\n]|\b(?:because|since|as|so|that|which|but|while|whereas|and)\b", re.IGNORECASE)
_PREDICATE = re.compile(
    r"(?:\s(?:also|definitely|clearly|certainly|probably|surely|obviously|therefore|thus))?\s"
    r"(?:(?:is|are|was|were|must|would|could|should|can|has|have|does|do|did|wo|ca|seems?|looks?|gets?)(?:n['\u2019]?t)?"
    r"|cannot|incorrect|wrong|false|invalid|impossible|excluded|eliminated|ruled out|rejected|fail(?:s|ed)?"
    r"|not (?:an? |the )?(?:correct|right|valid|possible|answer|option))\b"
)
_CLOSERS = "$*_`\"'\u2019)]}\\"
_OR = re.compile(r"[\s,;(]{0,3}\bor\b(?: (?:maybe|perhaps|possibly|else|rather)\b)?", re.IGNORECASE)
_RUPEES = re.compile(r"(?<![A-Za-z])(?<![0-9] )(?:rs\s?\.?|s \.)\s?(?=[0-9.])", re.IGNORECASE)  # MathQA also has "s ."
_PAIR = re.compile(r"(true|false|(?:not )?wrong), (true|false|(?:not )?wrong)", re.IGNORECASE)
_EACH = re.compile(
    r"(?<!\bif )(?<!\bwhether )(?<!\btrue that )(?<!\bfalse that )(?<!\bwrong that )"
    r"\b(?:statements?|both)\s(?:(?P<first>1|one|I|A)|(?P<second>2|two|II|B)|statements)\b"
    r"(?:\s?:|\s(?:is|are)(?: both)?)\s[*_\"'(]{0,3}(?P<value>true|false|(?:not )?wrong)\b",
    re.IGNORECASE,
)
_ARTICLES = ("", "the ", "a ", "an ", "that ")
_MARKUP = " *_`\"'("


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """The option that a statement picks; where it picks none, the verdict on that and why."""

    index: int | None
    verdict: Verdict
    reason: str
    rest: str = ""  # what follows it in the statement


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
    choices = [_RUPEES.sub("", option) for option in choices]
    text = _RUPEES.sub("", window(text))
    found = list(statements(text, options=True))
    for said in _VERDICT.finditer(text):  # "B is correct"; "A or B is correct" states none
        letter = said.group() if _OTHER.search(said.group()) else said.group(1)
        found.append(Statement(at=said.start(), end=said.end(), rule="verdict", text=letter))
    unread: tuple[Span, Pick] | None = None
    for statement in sorted(found, key=lambda each: each.at, reverse=True):
        stated = head(statement.text, LONGEST)
        after = text[statement.end :][:LONGEST] if statement.rule == "boxed" else ""
        pick = standing(choices, _read_last(choices, stated), before=text[: statement.at], after=after)
        if pick is None:
            continue
        span = Span(text=sentence(stated) or stated.strip(), rule=statement.rule)
        if pick is SEVERAL or pick.verdict in (Verdict.RIGHT, Verdict.WRONG):
            return span, pick
        unread = unread or (span, pick)
    bold = last_bold(text) or ""
    ahead, _, behind = text.rpartition(bold) if bold else ("", "", "")
    for rule, line, before, after in (
        ("text", text.strip() if "\n" not in text.strip() else "", "", ""),
        ("first line", first_line(text), "", ""),
        ("last line", text.strip().rpartition("\n")[2], "", ""),
        ("bold", bold, ahead, behind[:LONGEST]),
    ):
        if said_last := affirmed(head(line, LONGEST)):
            pick = standing(choices, _read_last(choices, said_last), before=before, after=after)
            if pick is not None and pick.index is not None:
                return Span(text=said_last, rule=rule), pick
    return of_statements(choices, text) or unread or concluded(choices, text)


def standing(choices: Sequence[str], pick: Pick, *, before: str, after: str) -> Pick | None:
    """What is left of a pick in its clause: `SEVERAL` where it is hedged, None where it is denied.

    The text of the option itself, where it follows its letter, denies nothing ("B) No increase").
    """
    if pick.index is None:
        return pick
    if _DENIED_BEFORE.search(_CERTAIN.sub("", before[-BEFORE:])):
        return None
    rest = f"{pick.rest}{after}".lstrip(_CLOSERS)
    glossed = _behind(rest, choices[pick.index])
    rest = rest if glossed is None else glossed
    if _denied(rest):
        return None
    if _joins_another(rest, 0, pick.index):
        return SEVERAL
    if (hedge := _OR.match(rest)) and read(choices, rest[hedge.end() :]).index != pick.index:
        return SEVERAL
    return pick


def _denied(rest: str) -> bool:
    """Whether what follows an option says that it is none: "is wrong", "can be ruled out"."""
    predicate = _PREDICATE.match(rest)
    return predicate is not None and re.search(_NOT, _CLAUSE_END.split(rest, maxsplit=1)[0], re.IGNORECASE) is not None


def _joins_another(text: str, at: int, index: int) -> bool:
    """Whether another letter than the option's is joined to it at the place `at`: "or (B)", "; B is also right"."""
    other = _OTHER.match(text, at)
    if other is None or other[other.lastindex or 0].upper() == LETTERS[index]:
        return False
    return not _denied(text[other.end() :])


def of_statements(choices: Sequence[str], text: str) -> tuple[Span, Pick] | None:
    """The option such as "True, False" that says of two statements what the text says of each."""
    if not all(_PAIR.fullmatch(option.strip()) for option in choices):
        return None
    values = ["", ""]
    for said in _EACH.finditer(text):
        for at, other in enumerate(("second", "first")):
            values[at] = values[at] if said[other] else said["value"]
    pick = read_text(choices, ", ".join(values)) if all(values) else NO_OPTION
    return (Span(text=", ".join(values), rule="statements"), pick) if pick.index is not None else None


def concluded(choices: Sequence[str], text: str) -> tuple[Span, Pick] | None:
    """The one option that the last sentence mentions by its letter, names in words, or comes to by a number."""
    line = head(next(conclusions(text), ""), LONGEST)
    span = Span(text=line, rule="last sentence")
    *_, clause = _THEN.split(line)
    if clause != line and (pick := read(choices, clause)).index is not None:
        stands = standing(choices, pick, before="", after="")
        return (span, stands) if stands else None
    said = f" {re.sub(r'[^a-z0-9]+', ' ', words(line))} "
    in_words = [index for index, option in enumerate(choices) if _named(words(option), said) or _ends(line, option)]
    in_words = [i for i in in_words if not any(i != j and words(choices[i]) in words(choices[j]) for j in in_words)]
    without = _CERTAIN.sub("", line)
    for index in in_words:  # "There is no increase" denies nothing where that is the option
        without = re.sub(rf"(?<!\w){re.escape(choices[index].strip())}(?!\w)", "", without, flags=re.IGNORECASE)
    if refused(without) or _DENIED.search(without):
        return None
    letters = {letter.upper() for letter in _MENTIONED.findall(line)}
    if len(letters) == 1 and (index := LETTERS.find(letters.pop())) < len(choices):
        return span, Pick(index=index, verdict=Verdict.RIGHT, reason="by its letter")
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


def _ends(line: str, option: str) -> bool:
    """Whether a line ends with "is" and an option's text ("is not more than 5")."""
    return words(line).endswith((f" is {words(option)}", f" be {words(option)}"))


def _read_last(choices: Sequence[str], statement: str) -> Pick:
    """What a statement picks, or its correction ("A. No, B")."""
    for clause in reversed(_CORRECTED.split(statement)[1:]):
        if (pick := read(choices, clause)).index is not None:
            return pick
    return read(choices, statement)


def read(choices: Sequence[str], statement: str) -> Pick:
    """The option that a statement opens with: a letter, or the text or value of exactly one option."""
    by_text = read_text(choices, statement)
    whole = words(sentence(statement.lstrip()))
    if " " in whole and whole in map(words, choices):  # an option may be "either (a) or (b)"
        return by_text
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
    if _joins_another(statement, found.end(), index):
        return SEVERAL
    if not closed and rest.strip(" .") and not _explains(rest, choices[index], found[1]):
        return by_text
    if by_text.index not in (None, index) and not closed:
        return SEVERAL
    return Pick(index=index, verdict=Verdict.RIGHT, reason="by its letter", rest=rest)


def _explains(rest: str, option: str, letter: str) -> bool:
    """Whether what follows an open letter shows that it is one: its option's text, or a reason."""
    return words(rest).startswith(words(option)) or (letter != "a" and _REASON.match(rest) is not None)


def read_text(choices: Sequence[str], statement: str) -> Pick:
    """The option whose text or value a statement is, if it is exactly one."""
    clause = _CERTAIN.sub("", sentence(statement.lstrip())).strip(" *_`\"'")
    said, options = words(clause), [words(option) for option in choices]
    same = [index for index, option in enumerate(options) if option == said]
    if not same and _WORDS.search(said):
        same = [i for i, option in enumerate(options) if _WORDS.search(option) and _after(said, option) is not None]
        same = [i for i in same if len(options[i]) == max(len(options[j]) for j in same)]
        affirmed_part = _INSTEAD.split(said, maxsplit=1)[0]
        others = [
            i
            for i, option in enumerate(options)
            if i not in same and _WORDS.search(option) and f" {option} " in f" {affirmed_part} "
        ]
        if same and any(options[i] not in options[same[0]] for i in others):
            return SEVERAL
    if len(same) == 1:
        rest = _behind(statement, choices[same[0]]) or ""
        return Pick(index=same[0], verdict=Verdict.RIGHT, reason="by its text", rest=rest)
    if len(same) > 1:
        return SEVERAL
    value = _value(statement, clause)
    if value is None:
        return NO_OPTION
    number, is_number, rest = value
    pick = _by_value(choices, number, is_number=is_number)
    if pick.index is None:
        return pick
    behind = _behind(statement, choices[pick.index])
    return replace(pick, rest=rest if behind is None else behind)


def _by_value(choices: Sequence[str], value: str, is_number: bool) -> Pick:
    relations = [compare(_number(option) if is_number else option, value).relation for option in choices]
    if relations.count(Relation.EQUAL) == 1:
        return Pick(index=relations.index(Relation.EQUAL), verdict=Verdict.RIGHT, reason="by its value")
    if Relation.EQUAL in relations:
        return SEVERAL
    if Relation.UNDECIDED in relations:
        return Pick(index=None, verdict=Verdict.UNDECIDED, reason="what is stated cannot be compared with the options")
    return Pick(index=None, verdict=Verdict.WRONG, reason="what is stated is none of the options")


def _after(said: str, option: str) -> str | None:
    """What follows an option's words where words open with them, an article in front or not."""
    rests = (said[len(opened) :] for opened in (f"{a}{option}" for a in _ARTICLES) if said.startswith(opened))
    return next((rest for rest in rests if not re.match(r"\w|[.,]\d", rest)), None)


def _behind(statement: str, option: str) -> str | None:
    """What follows an option's text in the line that opens with it, behind the dot that may be a part of the text."""
    rest = _after(words(_CERTAIN.sub("", statement.lstrip().partition("\n")[0])), words(option))
    return re.sub(r"^ ?\.", "", rest) if rest and option.rstrip().endswith(".") else rest


def _value(statement: str, clause: str) -> tuple[str, bool, str] | None:
    """The value that a statement opens with: its formula, its number (marked True), or itself if it is one.

    And what follows it.
    """
    spans = formulas(statement)
    if spans and not statement[: spans[0][0]].strip(_MARKUP):
        end = spans[0][1]
        for start, last_end in spans[1:]:
            end = last_end if is_joint(statement[end:start]) else end
        return joined(statement, spans), False, statement[end:]
    if number := opening(plain(clause)):
        return in_digits(number), True, plain(clause).partition(number.lstrip("(-"))[2]
    return (clause, False, "") if re.search(r"[0-9\\=^]", clause) else None


def _number(option: str) -> str:
    """The number that an option opens with, where it does, without its unit."""
    number = opening(plain(option))
    return in_digits(number) if number else option


def words(text: str) -> str:
    """`text` as words to compare: lower case, without TeX's commands for words, quotes, and the dot at its end."""
    text = _WORD_COMMAND.sub(r"\1", text).replace("$", "")
    text = re.sub(r"[\"'`*_\u2018\u2019\u201c\u201d]", "", text)
    return re.sub(r"\s+", " ", text).strip().rstrip(".,;:!").strip().casefold()
