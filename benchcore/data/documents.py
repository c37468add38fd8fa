"""A text of a corpus: what a generator yields, and what is packed into rows."""

from dataclasses import dataclass

from benchcore.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text of the corpus, of the skill or other `group`.

    `marks` has a "1" for each character that is worth training on, such as those of an answer, else a "0". The first
    `prompt` characters are a prompt: of a held-out document only what follows them is measured.
    """

    text: str
    group: str | None = None
    marks: str | None = None
    prompt: int = 0

    def __post_init__(self) -> None:
        if self.marks is not None and (len(self.marks) != len(self.text) or self.marks.strip("01")):
            raise DataError("the marks of a document are a 0 or 1 for each character of its text, and these are not")


def answered(question: str, answer: str, rest: str = "", *, group: str) -> Document:
    """The document of a question with its answer, which alone is marked; blanks that end the question are its own."""
    text = f"{question}{answer}{rest}"
    marks = "0" * len(question) + "1" * len(answer) + "0" * len(rest)
    return Document(text=text, group=group, marks=marks, prompt=len(question))
