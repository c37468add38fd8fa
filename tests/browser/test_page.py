"""The report page in a browser: it opens without a request or an error, its viewer works, and hostile texts do not act.

BENCHCORE_AXE is the path of axe-core's axe.min.js, for the checks of accessibility.
"""

import importlib.util
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchcore.comparison.differences import Comparisons
from benchcore.records import RunRecord, TaskRecord
from benchcore.report.model import Attempt, Page, SharedSample
from benchcore.report.page import render

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
READY = BROWSER and DRIVER and importlib.util.find_spec("selenium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not READY, reason="needs chromium, chromedriver and the package selenium"),
]
AXE = Path(os.environ.get("BENCHCORE_AXE", "axe.min.js"))
WIDTHS = {"desktop": 1280, "phone": 390}
LINE = 1_000_000

SCRIPT = "<script>document.title = 'acted'</script><img src=x onerror=\"document.title = 'acted'\">"
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" onload="document.title = \'acted\'"><circle r="9"/></svg>'
ANSI = "\x1b[2J\x1b[31mred\x07"
TURNED = "\u202egnp.exe\u202c \u2066isolated"
HOSTILE = (SCRIPT, PICTURE, ANSI, TURNED, "w" * LINE, "Z" + "\u0301" * 500)


def attempt(text: str, value: float | None, **changes: Any) -> Attempt:
    verdict = "wrong" if value == 0 else "right" if value else ""
    known = dict(
        text=text, extracted=text[-9:], verdict=verdict, value=value, rule="last number", reason="why", finish="stop",
        fault=None, tokens_out=3,
    )  # fmt: skip
    return Attempt(**(known | changes))


def sums() -> Iterator[SharedSample]:
    """Twelve: A and B are right on every second and third; sample 0 has three attempts by B, sample 11 none by A."""
    for number in range(12):
        a, b = float(number % 2 == 0), float(number % 3 == 0)
        first = (attempt(f"It is {number} and no more", a),)
        second = tuple(attempt(f"It is {number + trial} perhaps", b) for trial in range(3 if number == 0 else 1))
        yield SharedSample(
            task="sums", id=f"s{number}", group="easy", prompt=f"Q: {number} + 0 =\nA:", target=str(number),
            attempts=(() if number == 11 else first, second),
        )  # fmt: skip


def hostile() -> Iterator[SharedSample]:
    for number, text in enumerate(HOSTILE):
        one = attempt(text, 0.0, extracted=text, reason=text, fault=text)
        yield SharedSample(
            task=SCRIPT,
            id=f"{number} {text[:200]}",
            group=text[:200],
            prompt=text,
            target=text,
            attempts=((one,), (one,)),
        )


def record(name: str) -> RunRecord:
    tasks = tuple(
        TaskRecord(
            task=task, version=1, data="d", grader="g@1", settings={"stop": [SCRIPT]}, isolation={}, requests=12,
            completions=12, faults=0, graded=12, verdicts={"right": 6, "wrong": 6}, truncated=0, empty=0,
            near_ties=None, tokens_in=1, tokens_out=1, figures=(),
        )
        for task in ("sums", SCRIPT)
    )  # fmt: skip
    return RunRecord(
        run=name, checkpoint=f"/models/{name}", series=None, step=None, tokens=None, model_digest="ab" * 16,
        engine={"family": "embedded"}, versions={}, tasks=tasks, complete=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where a page of two runs is, one of them with a name that is markup."""
    labels = ("base", SCRIPT)
    page = Page(
        title=f"{SCRIPT} against base",
        records=tuple(map(record, labels)),
        labels=labels,
        found=Comparisons(runs=(), baseline=None, contests=()),
        gate=None,
        curves=(),
        samples={"sums": sums, SCRIPT: hostile},
        complete=True,
    )
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(render(page), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with Chrome(options=options, service=Service(str(DRIVER))) as chrome:
        yield chrome


class Viewer:
    """The viewer of a page that is open, as a reader uses it."""

    def __init__(self, browser: Any, address: str, *, width: int = 1280, theme: str = "light") -> None:
        self.browser = browser
        seen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", seen)
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        )
        for log in ("browser", "performance"):
            browser.get_log(log)
        browser.get("about:blank")
        browser.get(address)
        browser.execute_script("document.getElementById('samples').scrollIntoView({behavior: 'instant'})")
        self.wait(lambda: self.text("#name"))

    def wait(self, until: Callable[[], Any]) -> None:
        end = time.monotonic() + 60
        while not until():
            assert time.monotonic() < end, "the page did not come to what was waited for"
            time.sleep(0.02)

    def find(self, selector: str) -> list[Any]:
        return list(self.browser.find_elements("css selector", selector))

    def text(self, selector: str) -> str:
        """The text of the first element like this, as it is in the document."""
        said = "return document.querySelector(arguments[0])?.textContent ?? ''"
        return str(self.browser.execute_script(said, selector))

    def texts(self, selector: str) -> list[str]:
        said = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)"
        return list(self.browser.execute_script(said, selector))

    def choose(self, control: str, label: str) -> None:
        from selenium.webdriver.support.select import Select

        Select(self.find(control)[0]).select_by_visible_text(label)

    def press(self, key: str) -> None:
        self.find("body")[0].send_keys(key)

    @property
    def ids(self) -> list[str]:
        return [text.split()[-1] for text in self.texts("#list li")]


@pytest.fixture
def viewer(browser: Any, address: str) -> Viewer:
    return Viewer(browser, address)


def test_the_page_opens_without_an_error_or_a_request(viewer: Viewer, address: str) -> None:
    assert viewer.browser.get_log("browser") == []
    asked = [
        one["message"]
        for one in viewer.browser.get_log("performance")
        if "Network.requestWillBeSent" in one["message"] and address not in one["message"]
    ]
    assert [one for one in asked if "about:blank" not in one] == []
    assert "page" in viewer.browser.current_url and viewer.text("#status") == "12 samples of sums."


@pytest.mark.parametrize(
    ("show", "ids"),
    [
        ("both right", ["s0", "s6"]),
        ("only A right", ["s2", "s4", "s8", "s10"]),
        ("only B right", ["s3", "s9"]),
        ("both wrong", ["s1", "s5", "s7"]),
        ("all", [f"s{number}" for number in range(12)]),
    ],
)
def test_samples_are_shown_by_what_the_two_runs_made_of_them(viewer: Viewer, show: str, ids: list[str]) -> None:
    if show == "all":
        viewer.choose("#show", "both right")
        viewer.wait(lambda: len(viewer.ids) == 2)
    viewer.choose("#show", show)
    viewer.wait(lambda: viewer.ids == ids)
    viewer.wait(lambda: viewer.text("#name") == f"Sample {ids[0]}, group easy")
    assert viewer.text("#where") == f"1 of {len(ids)}"


def test_two_runs_may_change_sides_or_be_one(viewer: Viewer) -> None:
    viewer.choose("#show", "only A right")
    viewer.wait(lambda: len(viewer.ids) == 4)
    viewer.choose("#first", SCRIPT)
    viewer.wait(lambda: viewer.ids == [])
    assert viewer.text("#status") == "No sample of sums is like this."
    viewer.choose("#second", "base")
    viewer.wait(lambda: viewer.ids == ["s3", "s9"])
    viewer.choose("#show", "all")
    viewer.choose("#first", "base")
    viewer.wait(lambda: len(viewer.find(".answer")) == 1)


def test_search_finds_what_an_answer_says_in_any_case(viewer: Viewer) -> None:
    viewer.find("#search")[0].send_keys("IT IS 7 AND")
    viewer.wait(lambda: viewer.ids == ["s7"])
    viewer.find("#search")[0].send_keys(" nothing like it")
    viewer.wait(lambda: viewer.text("#status") == "No sample of sums is like this.")
    assert not viewer.find("#sample")[0].is_displayed()


def test_keys_go_to_the_next_and_the_previous_but_not_while_typing(viewer: Viewer) -> None:
    for key, name in (("j", "s1"), ("\ue014", "s2"), ("k", "s1"), ("\ue012", "s0")):
        viewer.press(key)
        viewer.wait(lambda name=name: viewer.text("#name").startswith(f"Sample {name},"))
    viewer.press("k")  # there is none before the first
    viewer.find("#search")[0].send_keys("j")
    viewer.wait(lambda: viewer.text("#status").startswith("No sample"))
    assert viewer.find("#search")[0].get_attribute("value") == "j"


def test_a_sample_shows_all_there_is_of_it(viewer: Viewer) -> None:
    assert viewer.texts("#asked .text") == ["Q: 0 + 0 =\nA:", "0"]
    assert viewer.texts(".answer .text") == ["It is 0 and no more", "It is 0 perhaps"]
    assert viewer.texts(".answer mark") == ["and no more", "perhaps"]
    assert viewer.texts(".badge") == ["\u2713 right", "\u2713 right"]
    assert viewer.texts(".answer dd")[:4] == ["d no more", "why", "last number", "3"]
    viewer.choose(".answer select", "attempt 3 of 3: right")
    viewer.wait(lambda: viewer.texts(".answer .text")[1] == "It is 2 perhaps")
    assert viewer.texts(".answer mark") == ["0 and no more", "2 perhaps"]
    viewer.find("#list li button")[11].click()
    viewer.wait(lambda: viewer.text("#name") == "Sample s11, group easy")
    assert viewer.text(".answer .nothing") == "This run has no answer to this prompt."


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("number", range(len(HOSTILE)), ids=["script", "svg", "ansi", "turned", "long line", "stacked"])
def test_hostile_texts_are_text_alone_and_break_no_layout(browser: Any, address: str, width: int, number: int) -> None:
    viewer = Viewer(browser, address, width=width)
    before = viewer.browser.execute_script("return document.title")
    viewer.choose("#task", SCRIPT)
    viewer.wait(lambda: viewer.text("#status") == f"{len(HOSTILE)} samples of {SCRIPT}.")
    viewer.browser.execute_script("document.querySelectorAll('#list li button')[arguments[0]].click()", number)
    viewer.wait(lambda: viewer.text("#where") == f"{number + 1} of {len(HOSTILE)}")
    assert viewer.browser.execute_script("return document.title") == before
    assert not viewer.find("#samples img, #samples svg, #samples script")
    assert viewer.browser.execute_script("return document.documentElement.scrollWidth") <= width
    shown = viewer.text(".answer .text")
    assert not {"\x1b", "\x07", "\u202e", "\u2066"} & set(shown)
    if number == 2:
        assert shown == "U+001B[2JU+001B[31mredU+0007"
    if number == 4:
        button = viewer.find(".answer .all")[0]
        assert len(shown) < LINE and button.text == f"Show all {LINE:,} characters"
        viewer.browser.execute_script("arguments[0].click()", button)
        viewer.wait(lambda: len(viewer.text(".answer .text")) == LINE)
        assert viewer.browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core (BENCHCORE_AXE, the path of axe.min.js)")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_axe_finds_nothing_serious(browser: Any, address: str, width: int, theme: str) -> None:
    viewer = Viewer(browser, address, width=width, theme=theme)
    viewer.browser.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    viewer.browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = viewer.browser.execute_async_script(
        "const done = arguments[0]; axe.run().then((result) => done(result.violations.map("
        "(one) => [one.impact, one.id, one.nodes[0].html.slice(0, 200)])))"
    )
    assert [one for one in found if one[0] in ("serious", "critical")] == []
