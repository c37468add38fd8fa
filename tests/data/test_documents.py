"""Documents: their marks and prompts, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.data.documents import Document, answered
from benchcore.errors import DataError


@given(question=st.text(), answer=st.text(), rest=st.text())
def test_of_a_question_with_its_answer_the_answer_alone_is_marked(question: str, answer: str, rest: str) -> None:
    found = answered(question, answer, rest, group="a")
    assert found.text == question + answer + rest
    assert found.group == "a"
    assert found.text[: found.prompt] == question
    assert found.marks is not None
    marked = [at for at, mark in enumerate(found.marks) if mark == "1"]
    assert marked == list(range(len(question), len(question) + len(answer)))


@pytest.mark.parametrize("marks", ["", "01", "0101", "01x", "0 1"])
def test_marks_that_are_no_0_or_1_for_each_character_are_refused(marks: str) -> None:
    with pytest.raises(DataError, match="a 0 or 1 for each character"):
        Document(text="abc", marks=marks)


def test_a_document_has_neither_group_nor_marks_nor_prompt_unless_it_is_given_them() -> None:
    found = Document(text="abc")
    assert (found.group, found.marks, found.prompt) == (None, None, 0)
