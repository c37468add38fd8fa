"""The server of a report page: what it answers, what it refuses, and that it is of this machine alone."""

import http.client
import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from benchcore.errors import MachineError
from benchcore.records import Completion, Finish, Generation, Grade, Sample, Verdict
from benchcore.records import Decode as Decoding
from benchcore.report.server import LOOPBACK, MOST, Server, Shown
from benchcore.store import Store

Ask = Callable[..., tuple[int, Mapping[str, str], bytes]]
TASK = "sums & more"


def write_run(folder: Path, right: Collection[int], count: int = 6, first: int = 0) -> Path:
    """A run folder with samples from `first` on, the `right` ones of which are right; s5 is left unanswered."""
    numbers = range(first, count)
    with Store(folder) as store:
        samples = [
            Sample(id=f"s{at}", prompt=f"What is {at} + 1?", target=str(at + 1), group=("even", "odd")[at % 2])
            for at in numbers
        ]
        decode = Decoding(max_tokens=8)
        requests = [
            Generation(key=f"k{at}", task=TASK, sample=f"s{at}", trial=0, prompt="", decode=decode, seed=0)
            for at in numbers
        ]
        store.register(samples, requests)
        for at in numbers:
            if at == 5:
                continue
            text = str(at + 1) if at in right else "<script>alert(1)</script>"
            store.add_completion(
                Completion(request=f"k{at}", text=text, finish=Finish.STOP, tokens_in=1, tokens_out=1, seconds=0.0)
            )
            verdict = Verdict.RIGHT if at in right else Verdict.WRONG
            store.add_grade(Grade(request=f"k{at}", value=float(at in right), verdict=verdict, grader="g@1"))
    return folder


class Runs:
    """What is served: two runs, and a page that tells how often it was made."""

    def __init__(self, folder: Path) -> None:
        self.folders = [write_run(folder / "a", {0, 1}), write_run(folder / "b", {1, 2})]
        self.made = 0
        self.stamp = 0

    def shown(self) -> Shown:
        self.made += 1
        return Shown(page=f"page {self.made} é", folders=self.folders, labels=["a", "b"], tasks=[TASK])


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


@pytest.fixture
def server(runs: Runs) -> Iterator[Server]:
    with Server(runs.shown, lambda: runs.stamp, port=0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def ask(server: Server) -> Ask:
    """Ask for a path and return status, headers and body."""

    def ask(path: str, method: str = "GET", host: str | None = None) -> tuple[int, Mapping[str, str], bytes]:
        connection = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=10)
        try:
            connection.putrequest(method, path, skip_host=True)
            connection.putheader("Host", host if host is not None else f"{LOOPBACK}:{server.server_port}")
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    return ask


@pytest.fixture
def samples(ask: Ask) -> Callable[..., Any]:
    """The document that a query of /samples is answered with; its status is 200."""

    def samples(**query: Any) -> Any:
        status, _, body = ask(f"/samples?{urlencode({'task': TASK, 'b': 1, **query})}")
        assert status == 200, body
        return json.loads(body)

    return samples


def test_the_page_is_made_anew_where_the_runs_went_on(runs: Runs, ask: Ask) -> None:
    status, headers, body = ask("/")
    assert (status, headers["Content-Type"], body.decode()) == (200, "text/html; charset=utf-8", "page 1 é")
    assert ask("/")[2].decode() == "page 1 é"
    runs.stamp = 1
    assert ask("/")[2].decode() == "page 2 é"


def test_head_is_the_head_alone(ask: Ask) -> None:
    status, headers, body = ask("/", "HEAD")
    assert (status, headers["Content-Length"], body) == (200, str(len("page 1 é".encode())), b"")


@pytest.mark.parametrize(
    ("show", "expected"),
    [("all", [0, 1, 2, 3, 4, 5]), ("both", [1]), ("a", [0]), ("b", [2]), ("differ", [0, 2]), ("neither", [3, 4])],
)
def test_which_samples_are_shown(samples: Callable[..., Any], show: str, expected: list[int]) -> None:
    found = samples(show=show)
    assert [one["index"] for one in found["samples"]] == expected
    assert found["total"] == len(expected)


def test_what_is_told_of_each_sample(samples: Callable[..., Any]) -> None:
    assert samples()["samples"][0] == {"index": 0, "id": "s0", "group": "even", "right": [True, False]}
    assert samples()["samples"][5] == {"index": 5, "id": "s5", "group": "odd", "right": [None, None]}


def test_pages_of_samples(samples: Callable[..., Any]) -> None:
    found = samples(start=2, count=3)
    assert ([one["id"] for one in found["samples"]], found["total"]) == (["s2", "s3", "s4"], 6)
    assert samples(start=6)["samples"] == []


@pytest.mark.parametrize(
    ("query", "start", "ids"),
    [
        ({"sample": 3, "count": 2}, 2, ["s2", "s3"]),
        ({"sample": 4, "count": 2, "show": "neither"}, 0, ["s3", "s4"]),
        ({"sample": 0, "count": 2, "show": "neither"}, 0, ["s3", "s4"]),
        ({"sample": 6, "start": 4}, 4, ["s4", "s5"]),
        ({"sample": "s3"}, 0, [f"s{at}" for at in range(6)]),
    ],
)
def test_the_samples_about_one_are_those_of_its_page(
    samples: Callable[..., Any], query: Mapping[str, Any], start: int, ids: Collection[str]
) -> None:
    found = samples(**query)
    assert (found["start"], [one["id"] for one in found["samples"]]) == (start, ids)


def test_the_samples_of_a_group(samples: Callable[..., Any]) -> None:
    assert [one["id"] for one in samples(group="odd")["samples"]] == ["s1", "s3", "s5"]
    assert [one["id"] for one in samples(group="odd", show="both")["samples"]] == ["s1"]
    assert samples(group="od")["total"] == 0
    assert [one["id"] for one in samples(group="even", q="script", show="b")["samples"]] == ["s2"]


def test_a_run_without_texts_is_said_to_have_none(runs: Runs, samples: Callable[..., Any]) -> None:
    assert samples()["answered"] == [True, True]
    accepted = runs.folders[0].with_suffix(".json")
    accepted.write_text("{}")
    runs.folders[0], runs.stamp = accepted, 1
    found = samples()
    assert (found["answered"], found["total"]) == ([False, True], 6)
    assert found["samples"][1]["right"] == [None, True]


def test_looking_for_a_text_in_what_is_shown(samples: Callable[..., Any]) -> None:
    assert [one["id"] for one in samples(q="alert(1)", show="a")["samples"]] == ["s0"]
    assert [one["id"] for one in samples(q="3 + 1")["samples"]] == ["s3"]
    assert [one["id"] for one in samples(q="ODD")["samples"]] == ["s1", "s3", "s5"]
    assert samples(q="nowhere")["total"] == 0


def test_a_page_of_other_runs_is_refused(ask: Ask, samples: Callable[..., Any]) -> None:
    assert samples(runs='["a", "b"]')["total"] == 6
    for path in ("/samples", "/sample"):
        status, _, body = ask(f"{path}?{urlencode({'task': TASK, 'runs': json.dumps(['b', 'a'])})}")
        assert status == 400 and "load the page again" in json.loads(body)["error"]


def test_lists_are_read_anew_where_the_runs_went_on(runs: Runs, samples: Callable[..., Any]) -> None:
    assert samples(show="both")["total"] == 1
    with Store(runs.folders[0]) as store:
        store.add_grade(Grade(request="k2", value=1.0, verdict=Verdict.RIGHT, grader="g@1"))
    assert samples(show="both")["total"] == 1, "it is kept while nothing went on"
    runs.stamp = 1
    assert samples(show="both")["total"] == 2


def test_one_sample(ask: Ask) -> None:
    status, headers, body = ask(f"/sample?{urlencode({'task': TASK, 'index': 2})}")
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    found = json.loads(body)
    assert (found["task"], found["id"], found["group"]) == (TASK, "s2", "even")
    assert (found["prompt"], found["target"]) == ("What is 2 + 1?", "3")
    [[a], [b]] = found["attempts"]
    assert (a["text"], a["verdict"], b["text"], b["verdict"]) == ("<script>alert(1)</script>", "wrong", "3", "right")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/samples", "no run has the task ''"),
        ("/samples?task=sums", "no run has the task 'sums'"),
        ("/samples?{task}&show=some", "there is nothing to show called 'some'"),
        ("/samples?{task}&a=2", "there are 2 runs"),
        ("/samples?{task}&a=-1", "no number may be below 0"),
        ("/samples?{task}&a=one", "cannot be meant"),
        (f"/samples?{{task}}&count={MOST + 1}", f"1 to {MOST} samples"),
        ("/samples?{task}&q=" + 1001 * "x", "1 to"),
        ("/samples?{task}&count=0", f"1 to {MOST} samples"),
        ("/samples?{task}&file=/etc/passwd", "cannot be meant"),
        ("/samples?{task}&runs=[", "Expecting value"),
        ("/sample?{task}&index=6", "has 6 samples"),
        ("/sample?{task}&index=-1", "no number may be below 0"),
        ("/sample?" + "&".join(f"x{at}=1" for at in range(100)), "cannot be meant"),
    ],
)
def test_a_query_that_cannot_be_meant_is_answered_with_why(ask: Ask, path: str, said: str) -> None:
    status, _, body = ask(path.format(task=urlencode({"task": TASK})))
    assert status == 400 and said in json.loads(body)["error"]


@pytest.mark.parametrize(
    "path", ["/run.db", "/a/run.db", "/../a/run.db", "//etc/passwd", "/%2e%2e/a/config.toml", "/index.html", "*"]
)
def test_no_path_names_a_file(ask: Ask, path: str) -> None:
    status, _, body = ask(path)
    assert (status, body) == (404, b"there is nothing here\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_nothing_but_reading(ask: Ask, method: str) -> None:
    status, headers, _ = ask("/", method)
    assert status == 501 and "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", "localhost"])
def test_a_request_under_another_name_is_refused(ask: Ask, server: Server, runs: Runs, host: str) -> None:
    for path in ("/", f"/sample?{urlencode({'task': TASK})}"):
        status, _, body = ask(path, host=host.format(port=server.server_port))
        assert status == 403 and b"s0" not in body
    assert runs.made == 0


def test_its_own_names_are_not_refused(ask: Ask, server: Server) -> None:
    assert server.address == f"http://127.0.0.1:{server.server_port}/"
    assert ask("/", host=f"localhost:{server.server_port}")[0] == 200


def test_what_every_answer_says_to_a_browser(ask: Ask) -> None:
    for path in ("/", "/samples", "/nowhere"):
        _, headers, _ = ask(path)
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin" and headers["Cache-Control"] == "no-store"
        assert not any(name.startswith("Access-Control") for name in headers)


def test_it_is_bound_to_this_machine_alone(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_told(server: Server, runs: Runs) -> None:
    with pytest.raises(MachineError, match=f"cannot serve on port {server.server_port}.*another --port"):
        Server(runs.shown, lambda: 0, port=server.server_port)


def test_what_is_wrong_with_the_runs_is_an_answer(ask: Ask, runs: Runs) -> None:
    assert ask("/")[0] == 200
    (runs.folders[0] / "run.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)
    status, _, body = ask(f"/sample?{urlencode({'task': TASK})}")
    assert status == 500 and "cannot read the journal" in json.loads(body)["error"]
