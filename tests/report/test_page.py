"""The report page as a file: what stands in it, that nothing acts in it, and its size."""

import base64
import builtins
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchcore.comparison.differences import Comparisons, Contest, Result
from benchcore.comparison.report import GateReport
from benchcore.comparison.sides import Side
from benchcore.records import Curve, Figure, RunRecord, TaskRecord
from benchcore.report import plots
from benchcore.report.model import Attempt, Page, SharedSample
from benchcore.report.page import render

HOSTILE = "</script></pre><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x1b[31m{{ 7 * 7 }}"


FIGURES = plots.figures


@pytest.fixture(scope="module", autouse=True)
def undrawn() -> Iterator[None]:
    """Figures take most of a page's time; where they are not what is tested there are none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plots, "figures", lambda page: {})
        yield


def figure(value: float, **changes: Any) -> Figure:
    known: dict[str, Any] = dict(
        name="accuracy", value=value, n=100, low=value - 0.1, high=value + 0.1, method="Wilson 95 %"
    )
    return Figure(**(known | changes))


def record(name: str, value: float, **changes: Any) -> RunRecord:
    task = TaskRecord(
        task="sums", version=1, data="d", grader="numbers@1", settings={"temperature": 0.0, "stop": ["\n"]},
        isolation={}, requests=100, completions=100, faults=0, graded=100, verdicts={"right": 60, "unparsed": 40},
        truncated=0, empty=0, near_ties=None, tokens_in=1, tokens_out=1,
        figures=(figure(value), figure(value, group="easy", n=50)),
    )  # fmt: skip
    known: dict[str, Any] = dict(
        run=name, checkpoint=f"/models/{name}", series=None, step=None, tokens=1_000_000, model_digest="ab" * 16,
        engine={"family": "embedded", "dtype": "float32"}, versions={"torch": "2.13.0"}, tasks=(task,), complete=True,
    )  # fmt: skip
    return RunRecord(**(known | changes))


def attempt(text: str, value: float | None = 1.0, **changes: Any) -> Attempt:
    known: dict[str, Any] = dict(
        text=text, extracted="4", verdict="right" if value else "wrong", value=value, rule="last number", reason="",
        finish="stop", fault=None, tokens_out=3,
    )  # fmt: skip
    return Attempt(**(known | changes))


def sample(number: int, *texts: str, prompt: str = "Q: 2 + 2 =\nA:") -> SharedSample:
    attempts = tuple((attempt(text, float(at)),) for at, text in enumerate(texts))
    return SharedSample(task="sums", id=f"s{number}", group=None, prompt=prompt, target="4", attempts=attempts)


def page(*samples: SharedSample, difference: float = 0.2, **changes: Any) -> Page:
    """Two runs on one task, the second `difference` over the first."""
    records = (record("base", 0.5), record("new", 0.5 + difference))
    found = Comparisons(
        runs=tuple(Side(label=one.run, record=one, outcomes={}) for one in records),
        baseline="base",
        contests=(
            Contest(
                task="sums",
                figure="accuracy",
                rivals=1,
                results=(
                    Result(run="base", figure=records[0].tasks[0].figures[0]),
                    Result(run="new", figure=records[1].tasks[0].figures[0], difference=figure(difference), p=0.01),
                ),
            ),
        ),
    )
    known: dict[str, Any] = dict(
        title="new against base", records=records, labels=("base", "new"), found=found, gate=None, curves=(),
        samples={"sums": lambda: iter(samples)}, complete=True,
    )  # fmt: skip
    return Page(**(known | changes))


class Parsed(HTMLParser):
    """The elements of a page, their attributes, and the text in each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [about for found, about in self.elements if found == tag]

    def text_of(self, *tags: str) -> str:
        return " ".join(text for tag, text in self.texts if tag in tags)


def stored(html: str, task: int = 0) -> Any:
    """The rows of a task that the page holds."""
    found = re.search(rf'id="samples-{task}">([^<]*)<', html)
    assert found
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def test_every_section_is_there_and_linked() -> None:
    found = Parsed(render(page(sample(0, "3", "4"))))
    ids = [about["id"] for _, about in found.elements if "id" in about]
    assert len(ids) == len(set(ids))
    assert {"verdict", "results", "samples", "diagnostics", "provenance"} <= set(ids)
    links = [about["href"] or "" for about in found.of("a")]
    assert links and {link.removeprefix("#").partition("?")[0] for link in links} <= set(ids)
    assert found.of("html") == [{"lang": "en"}]
    assert len(found.of("h1")) == 1
    assert {"Results", "Samples", "Diagnostics", "Provenance"} <= set(found.text_of("h2").split())


def test_the_page_asks_for_nothing_and_lets_its_own_style_and_script_alone_act() -> None:
    html = render(page(sample(0, "3", "4")))
    found = Parsed(html)
    assert not {"link", "iframe", "img", "object", "embed", "base"} & {tag for tag, _ in found.elements}
    assert not [about for _, about in found.elements if {"src", "style", "onclick"} & about.keys()]
    policy = next(about["content"] for about in found.of("meta") if about.get("http-equiv"))
    assert policy and policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "connect" not in policy
    for tag in ("style", "script"):
        [text] = re.findall(rf'<{tag}(?: type="module")?>(.*?)</{tag}>', html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_samples_are_inside_and_come_out_as_they_went_in() -> None:
    shots = "Q: 1 + 1 =\nA: 2 \U0001f986\n\n"
    samples = [sample(at, "\ud83e" if at == 1 else "a\0b", HOSTILE, prompt=f"{shots}Q: {at}") for at in range(3)]
    rows = stored(render(page(*samples)))
    assert [row[0] for row in rows] == ["s0", "s1", "s2"]
    before = b""
    for row, one in zip(rows, samples, strict=True):
        before = before[: 2 * row[2]] + row[3].encode("utf-16-le")
        assert before.decode("utf-16-le") == one.prompt
        assert row[4] == one.target
        assert row[5] == [
            [[a.text, a.extracted, a.verdict, a.value, a.rule, a.reason, a.finish, a.fault, a.tokens_out] for a in run]
            for run in one.attempts
        ]
    assert [row[3] for row in rows[1:]] == ["1", "2"], "what prompts share is there once"


def test_a_served_page_has_no_samples_and_may_ask_its_server() -> None:
    def never() -> Iterator[SharedSample]:
        raise AssertionError("a served page reads no sample")

    html = render(page(samples={"sums": never}), served=True)
    assert 'id="samples-0"' not in html
    assert any("connect-src 'self'" in (about.get("content") or "") for about in Parsed(html).of("meta"))
    [about] = re.findall(r'id="about">(.*?)</script>', html)
    assert json.loads(about) == {"labels": ["base", "new"], "tasks": ["sums"], "groups": [["easy"]], "served": True}


def leads(html: str) -> dict[str, dict[str, str]]:
    """What each link in a table's cell says -> what it asks the viewer for."""
    found = re.findall(r'<a href="#samples\?([^"]*)">(.*?)</a>', html)
    return {re.sub("<.*?>", "", text): dict(parse_qsl(unescape(query))) for query, text in found}


def test_every_number_of_the_results_leads_to_its_samples() -> None:
    pair = {"task": "sums", "a": "base", "b": "new"}
    alone = {"task": "sums", "a": "base", "b": "base"}
    assert leads(render(page(sample(0, "3", "4")))) == {
        "50.0 % [40.0, 60.0]": {**alone, "group": "easy"},
        "70.0 % [60.0, 80.0]": {**pair, "group": "easy"},
        "100": pair,
        "50": {**pair, "group": "easy"},
        "+20.0 pt [+10.0, +30.0]": {**pair, "show": "differ"},
        "0.0100": {**pair, "show": "differ"},
        "100 of 100": pair,
        "right 60, unparsed 40": pair,
    }


def test_a_difference_of_a_loss_leads_to_all_of_its_samples() -> None:
    one = page(sample(0, "3", "4"))
    [contest] = one.found.contests
    loss = replace(contest, figure="bits per byte")
    html = render(replace(one, found=replace(one.found, contests=(loss,))))
    assert leads(html)["0.0100"] == {"task": "sums", "a": "base", "b": "new"}


def test_what_the_page_has_no_samples_of_leads_nowhere() -> None:
    assert leads(render(page(samples={}))) == {}


def test_each_finding_of_a_gate_leads_to_the_problems_that_decide(report: GateReport) -> None:
    names = {finding.name for finding in report.findings if finding.comparison}
    html = render(page(gate=report, samples={name: lambda: iter(()) for name in names}))
    strip = html[html.index('id="verdict"') : html.index('id="results"')]
    shown, rows = strip.split("<details>")
    assert shown.count("See the problems</a>") == len(names) > 0
    for finding in report.findings:
        if finding.comparison:
            address = f"#samples?task={quote_plus(finding.name)}&amp;a=base&amp;b=new"
            assert address in shown and address in rows


@pytest.mark.parametrize(
    ("difference", "says"), [(0.2, "better on 1 of 1 figures: sums"), (-0.2, "worse on 1 of 1 figures: sums")]
)
def test_without_a_gate_the_page_says_where_the_runs_differ(difference: float, says: str) -> None:
    assert f"new: {says}." in Parsed(render(page(difference=difference))).text_of("li")


def test_a_gate_s_verdict_comes_first(report: GateReport) -> None:
    html = render(page(gate=report))
    found = Parsed(html)
    assert "FAIL" in found.text_of("span")
    assert html.index('class="word">FAIL<') < html.index('id="results"')
    assert 'class="verdict fail"' in html
    assert report.reason in html


def test_a_run_that_goes_on_is_said_to() -> None:
    assert "Still running." not in render(page())
    assert "Still running." in render(page(complete=False))


def test_one_run_alone_has_its_results_and_no_second_to_choose() -> None:
    one = page(sample(0, "4"))
    side = one.found.runs[:1]
    alone = replace(
        one, records=one.records[:1], labels=("base",), found=Comparisons(runs=side, baseline=None, contests=())
    )
    found = Parsed(render(alone))
    assert "second" not in {about.get("id") for about in found.of("select")}
    assert "Results of base" in found.text_of("caption")
    assert "base on 1 task" in found.text_of("h2")


def test_diagnostics_and_provenance_are_in_words() -> None:
    found = Parsed(render(page()))
    cells = found.text_of("td", "th", "a")
    assert "! 40 % unparsed" in cells
    assert "right 60, unparsed 40" in cells
    assert "1,000,000" in cells and "ab" * 16 in cells and "2.13.0" in cells
    assert "numbers@1" in cells


def test_without_matplotlib_the_page_says_why_it_has_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "figures", FIGURES)
    real = builtins.__import__

    def imported(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", imported)
    html = render(page(sample(0, "3", "4")))
    assert "<figure" not in html
    assert "made without figures" in html and "benchcore[report]" in html


def test_figures_stand_inline_with_their_caption(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(plots, "figures", FIGURES)
    points = tuple((at, figure(at / 1000)) for at in (100, 200, 400))
    curve = Curve(series="a", task="sums", figure="accuracy", unit="tokens", points=points, figures=())
    html = render(page(curves=(curve,)))
    found = Parsed(html)
    assert found.of("svg") and len(found.of("figure")) == len(found.of("figcaption")) == len(found.of("svg"))
    assert "Learning curve of sums, accuracy" in found.text_of("caption")
    assert not re.search(r'(?:href|src)="(?!#)', html)


@settings(max_examples=25, deadline=None)
@given(st.text(), st.text(min_size=1), st.text())
def test_whatever_names_and_texts_hold_the_page_has_the_same_elements(title: str, label: str, text: str) -> None:
    check_same_elements(title, label, text)


def test_markup_in_names_and_texts_does_not_act() -> None:
    check_same_elements(HOSTILE, HOSTILE, HOSTILE)


def check_same_elements(title: str, label: str, text: str) -> None:
    def made(title: str, label: str, text: str) -> list[str]:
        plain = page(sample(0, text, text, prompt=text), title=title, labels=("base", label))
        html = render(replace(plain, records=(plain.records[0], record(label, 0.5))))
        return [tag for tag, _ in Parsed(html).elements]

    assert made(title, label, text) == made("t", "l", "x")


def test_many_samples_that_are_alike_take_little_room() -> None:
    """A prompt of many examples costs its bytes once, not once a sample."""
    shots = hashlib.sha256(b"x").hexdigest() * 1000

    def many(count: int) -> Callable[[], Iterator[SharedSample]]:
        return lambda: (sample(at, f"{at}", f"{at + 1}", prompt=f"{shots} {at}") for at in range(count))

    sizes: Sequence[int] = [len(render(page(samples={"sums": many(count)}))) for count in (1, 1000)]
    assert sizes[1] - sizes[0] < 25 * 1000
