"""The report page in a browser: it opens without an error, its viewer works, and hostile texts do not act.

Each test is of the page as one file, which asks for nothing, and as it is served, with the journals behind it.
BENCHCORE_AXE is the path of axe-core's axe.min.js, for the checks of accessibility.
"""

import importlib.util
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from benchcore.comparison.differences import Comparisons, Contest, Result
from benchcore.comparison.sides import Side
from benchcore.records import (
    Completion,
    Decode,
    Fault,
    Figure,
    Finish,
    Generation,
    Grade,
    RunRecord,
    Sample,
    TaskRecord,
    Verdict,
    digest,
)
from benchcore.report.model import Attempt, Page, SharedSample
from benchcore.report.page import render
from benchcore.report.server import Server, Shown
from benchcore.store import Store

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
    verdict = "right" if value else "wrong"
    known: dict[str, Any] = dict(
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
            task="sums", id=f"s{number}", group="hard" if number > 9 else "easy", prompt=f"Q: {number} + 0 =\nA:",
            target=str(number), attempts=(() if number == 11 else first, second),
        )  # fmt: skip


def many() -> Iterator[SharedSample]:
    """More than are listed at once: A is right on all, B on those with an even number."""
    for number in range(250):
        trials = tuple((attempt(f"It is {number}", value),) for value in (1.0, float(number % 2 == 0)))
        yield SharedSample(task="many", id=f"m{number}", group=None, prompt="Q", target="A", attempts=trials)


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


SAMPLES = {"sums": sums, "many": many, SCRIPT: hostile}


def figure(value: float, **changes: Any) -> Figure:
    known: dict[str, Any] = dict(
        name="accuracy", value=value, n=12, low=value - 0.1, high=value + 0.1, method="Wilson 95 %"
    )
    return Figure(**(known | changes))


def write_run(folder: Path, run: int) -> Path:
    """The folder of a run with what the run of this number made of all samples."""
    with Store(folder) as store:
        for task, samples in SAMPLES.items():
            answered = [one for one in samples() if one.attempts[run]]
            trials = {digest(task, one.id, at): (one, at) for one in answered for at in range(len(one.attempts[run]))}
            store.register(
                [Sample(id=one.id, prompt=one.prompt, target=one.target, group=one.group) for one in answered],
                [
                    Generation(
                        key=key, task=task, sample=one.id, trial=at, prompt="", decode=Decode(max_tokens=8), seed=0
                    )
                    for key, (one, at) in trials.items()
                ],
            )
            for key, (one, at) in trials.items():
                write_attempt(store, key, one.attempts[run][at])
    return folder


def write_attempt(store: Store, key: str, one: Attempt) -> None:
    store.add_completion(
        Completion(request=key, text=one.text, finish=Finish.STOP, tokens_in=1, tokens_out=3, seconds=0.0)
    )
    store.add_grade(
        Grade(
            request=key, value=one.value, verdict=Verdict(one.verdict), grader="g@1", extracted=one.extracted,
            rule=one.rule, reason=one.reason, fault=Fault(kind="odd", message=one.fault) if one.fault else None,
        )
    )  # fmt: skip


def record(name: str) -> RunRecord:
    tasks = tuple(
        TaskRecord(
            task=task, version=1, data="d", grader="g@1", settings={"stop": [SCRIPT]}, isolation={}, requests=12,
            completions=12, faults=0, graded=12, verdicts={"right": 6, "wrong": 6}, truncated=0, empty=0,
            near_ties=None, tokens_in=1, tokens_out=1,
            figures=(figure(0.5), figure(0.25, group="easy"), figure(0.25, group="hard")) if task == "sums" else (),
        )
        for task in SAMPLES
    )  # fmt: skip
    return RunRecord(
        run=name, checkpoint=f"/models/{name}", series=None, step=None, tokens=None, model_digest="ab" * 16,
        engine={"family": "embedded"}, versions={}, tasks=tasks, complete=True,
    )  # fmt: skip


def page() -> Page:
    """A page of two runs, one of them with a name that is markup."""
    labels = ("base", SCRIPT)
    records = tuple(map(record, labels))
    results = (
        Result(run="base", figure=figure(0.5)),
        Result(run=SCRIPT, figure=figure(0.5), difference=figure(0.125), p=0.5),
    )
    return Page(
        title=f"{SCRIPT} against base",
        records=records,
        labels=labels,
        found=Comparisons(
            runs=tuple(Side(label=label, record=one, outcomes={}) for label, one in zip(labels, records, strict=True)),
            baseline="base",
            contests=(Contest(task="sums", figure="accuracy", results=results, rivals=1),),
        ),
        gate=None,
        curves=(),
        samples=SAMPLES,
        complete=True,
    )


@pytest.fixture(scope="module", params=["file", "served"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page is."""
    folder = tmp_path_factory.mktemp("page")
    if request.param == "file":
        file = folder / "report.html"
        file.write_text(render(page()), encoding="utf-8")
        yield file.as_uri()
        return
    shown = Shown(
        page=render(page(), served=True),
        folders=[write_run(folder / "a", 0), write_run(folder / "b", 1)],
        labels=page().labels,
        tasks=tuple(SAMPLES),
    )
    with Server(lambda: shown, lambda: 0, port=0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.address
        server.shutdown()
        thread.join()


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
        browser.execute_cdp_cmd("Page.resetNavigationHistory", {})  # of a full one the browser drops entries in between
        browser.get(address)
        browser.execute_script("document.getElementById('samples').scrollIntoView({behavior: 'instant'})")
        self.wait(lambda: self.text("#name"))

    def wait(self, until: Callable[[], Any]) -> None:
        end = time.monotonic() + 30
        while not until():
            assert time.monotonic() < end, "the page did not come to what was waited for"
            time.sleep(0.02)

    def wait_for(self, name: str) -> None:
        """Until the sample called so is shown."""
        self.wait(lambda: self.text("#name").startswith(f"Sample {name},"))

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

    def open(self, link: str) -> None:
        """Follow the link in a table whose address ends so."""
        self.browser.execute_script("arguments[0].click()", self.find(f'td a[href$="{link}"]')[0])

    @property
    def asked(self) -> dict[str, str]:
        """What the address of the page asks the viewer for."""
        return dict(parse_qsl(self.browser.current_url.partition("#samples?")[2]))

    @property
    def ids(self) -> list[str]:
        return [text.split()[-1] for text in self.texts("#list li")]


@pytest.fixture
def viewer(browser: Any, address: str) -> Viewer:
    return Viewer(browser, address)


def test_the_page_opens_without_an_error_and_asks_for_nothing_but_its_server(viewer: Viewer, address: str) -> None:
    viewer.choose("#show", "only B right")
    viewer.wait(lambda: viewer.ids == ["s3", "s9"])
    viewer.press("j")
    viewer.wait(lambda: viewer.text("#where") == "2 of 2")
    assert viewer.browser.get_log("browser") == []
    messages = [json.loads(one["message"])["message"] for one in viewer.browser.get_log("performance")]
    asked = {one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"} - {
        "about:blank"
    }
    assert address in asked and all(one.startswith(address) for one in asked)
    assert len(asked) == 1 or address.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("show", "ids"),
    [
        ("both right", ["s0", "s6"]),
        ("only A right", ["s2", "s4", "s8", "s10"]),
        ("only B right", ["s3", "s9"]),
        ("only one right", ["s2", "s3", "s4", "s8", "s9", "s10"]),
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
    viewer.wait(lambda: viewer.text("#where") == f"1 of {len(ids)}")
    assert viewer.text("#name") == f"Sample {ids[0]}, group easy"


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
        viewer.wait_for(name)
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
    viewer.wait(lambda: viewer.text("#name") == "Sample s11, group hard")
    assert viewer.text(".answer .nothing") == "This run has no answer to this prompt."


def test_a_number_leads_to_its_samples_and_back(viewer: Viewer) -> None:
    before = viewer.browser.current_url
    viewer.browser.execute_script("scrollTo(0, 0)")
    viewer.open("show=differ")
    viewer.wait(lambda: viewer.ids == ["s2", "s3", "s4", "s8", "s9", "s10"])
    viewer.wait(lambda: viewer.texts(".answer h4") == ["A base", f"B {SCRIPT}"])
    assert viewer.browser.execute_script("return document.activeElement.id") == "samples-title"
    top = "return document.getElementById('samples').getBoundingClientRect().y"
    viewer.wait(lambda: abs(viewer.browser.execute_script(top)) < 100)
    viewer.open("group=hard")
    viewer.wait(lambda: viewer.ids == ["s10", "s11"])
    viewer.browser.back()
    viewer.wait(lambda: len(viewer.ids) == 6)
    viewer.browser.back()
    viewer.wait(lambda: viewer.browser.current_url == before)


def test_a_link_leads_there_again_from_where_it_led(viewer: Viewer) -> None:
    for _ in range(2):
        viewer.browser.execute_script("scrollTo(0, 0)")
        viewer.open("show=differ")
        viewer.wait(lambda: viewer.browser.execute_script("return scrollY") > 0)


def test_the_address_tells_what_is_shown(viewer: Viewer, browser: Any) -> None:
    assert viewer.asked == {}, "nothing is asked for before the reader does"
    viewer.choose("#show", "only A right")
    viewer.wait(lambda: viewer.ids == ["s2", "s4", "s8", "s10"])
    viewer.choose("#group", "easy")
    viewer.wait(lambda: viewer.ids == ["s2", "s4", "s8"])
    viewer.find("#search")[0].send_keys("4 and")
    viewer.wait(lambda: viewer.ids == ["s4"])
    viewer.find("#list li button")[0].click()
    asked = {"task": "sums", "a": "base", "b": SCRIPT, "show": "a", "group": "easy", "q": "4 and", "sample": "4"}
    viewer.wait(lambda: viewer.asked == asked)
    again = Viewer(browser, browser.current_url)
    again.wait(lambda: again.text("#name").startswith("Sample s4,"))
    assert (again.ids, again.asked, again.find("#search")[0].get_attribute("value")) == (["s4"], asked, "4 and")


def test_back_goes_to_the_choice_before(viewer: Viewer) -> None:
    viewer.choose("#show", "both right")
    viewer.wait(lambda: viewer.text("#where") == "1 of 2")
    viewer.press("j")
    viewer.wait(lambda: viewer.asked.get("sample") == "6")
    viewer.choose("#show", "both wrong")
    viewer.wait(lambda: viewer.text("#where") == "1 of 3")
    viewer.browser.back()
    viewer.wait(lambda: viewer.text("#where") == "2 of 2" and viewer.text("#name").startswith("Sample s6,"))


def test_many_samples_are_listed_a_part_at_a_time(viewer: Viewer, browser: Any, address: str) -> None:
    viewer.choose("#task", "many")
    viewer.wait(lambda: viewer.text("#where") == "1 of 250" and len(viewer.ids) == 100)
    assert not viewer.find("#group")[0].is_displayed(), "it has none"
    assert not viewer.find("#earlier")[0].is_displayed()
    viewer.browser.execute_script("document.getElementById('later').click()")
    viewer.wait(lambda: viewer.text("#where") == "101 of 250" and viewer.ids[0] == "m100")
    viewer.press("k")
    viewer.wait(lambda: viewer.text("#name") == "Sample m99" and viewer.ids[0] == "m0")
    assert viewer.text("[aria-current]").split()[-1] == "m99"
    last = Viewer(browser, f"{address}#samples?task=many&show=a&sample=249")
    last.wait(lambda: last.text("#where") == "125 of 125" and last.ids[0] == "m201" and len(last.ids) == 25)
    assert not last.find("#later")[0].is_displayed()


def test_an_address_of_what_is_not_there_shows_what_is(browser: Any, address: str) -> None:
    viewer = Viewer(browser, f"{address}#samples?task=gone&a=%FF&show=odd&group=x&sample=-1&%zz")
    viewer.wait(lambda: viewer.text("#where") == "1 of 12")
    assert viewer.browser.get_log("browser") == []


def test_printed_it_has_neither_controls_nor_a_dark_background(browser: Any, address: str) -> None:
    viewer = Viewer(browser, address, theme="dark")
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]},
    )
    try:
        assert not any(one.is_displayed() for one in viewer.find("#samples, nav, summary, button, select"))
        seen = "return document.querySelector('#provenance details table').checkVisibility()"
        assert browser.execute_script(seen), "what is folded is printed too"
        colour = "return getComputedStyle(document.body).backgroundColor"
        assert browser.execute_script(colour) == "rgb(255, 255, 255)"
        wide = (
            "return [...document.querySelectorAll('.table')].filter((one) => one.scrollWidth > one.clientWidth).length"
        )
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": 680, "height": 990, "deviceScaleFactor": 1, "mobile": False}
        )  # A4 less its margins
        assert browser.execute_script(wide) == 0
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


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
