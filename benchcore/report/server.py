"""The report page over HTTP, on this machine alone and for reading alone, with the journals behind it.

    /                                  the page, made anew where the runs have gone on
    /samples?task=T&a=0&b=1            which samples there are, as JSON: {"total": ..., "start": ..., "samples": [...]}
            &show=all|both|a|b|differ|neither    right in both of runs a and b, in one alone, in either one, in neither
            &group=GROUP&q=TEXT            of this group; that have TEXT
            &start=0&count=100             of these, `count` from `start` on
            &sample=17                     instead, those `count` among which the sample of this index is
    /sample?task=T&index=17            all of one sample, as JSON: a `SharedSample`

Tasks have their names, and runs are numbered as on the page; a page that tells their labels as well, as a JSON list in
`runs`, is refused once they are others. A run is right on a sample where the mean value of its graded trials is at
least one half, and neither right nor wrong (null) where it has none.

No request names a file. A web site elsewhere that the browser shows can neither read what is here nor pass for this
one: nothing allows another origin, and a request under any name but this machine's is refused (DNS rebinding).
"""

import json
import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from benchcore.comparison.samples import Place, SharedSample, journals, places, read_group, read_samples
from benchcore.errors import BenchcoreError, ConfigError, MachineError, nearest

T = TypeVar("T")

LOOPBACK = "127.0.0.1"
MOST = 1000  # samples in one answer
LONGEST = 1000  # characters of a text that is looked for
KEPT = 32  # lists of samples
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LIST: dict[str, Any] = {
    "task": "", "a": 0, "b": 0, "show": "all", "group": "", "q": "", "start": 0, "count": 100, "sample": "", "runs": "",
}  # fmt: skip
SHOWS: dict[str, Callable[[bool | None, bool | None], bool]] = {
    "all": lambda a, b: True,
    "both": lambda a, b: a is True and b is True,
    "a": lambda a, b: a is True and b is False,
    "b": lambda a, b: a is False and b is True,
    "differ": lambda a, b: a is not None and b is not None and a != b,
    "neither": lambda a, b: a is False and b is False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is served: the `page`, and the samples of `tasks` in the runs of `folders`, which are called `labels`."""

    page: str
    folders: Sequence[Path]
    labels: Sequence[str]
    tasks: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """The samples of a task: where each is and, run by run, which are right."""

    places: Sequence[Place]
    right: Sequence[dict[str, bool]]

    def of(self, place: Place) -> list[bool | None]:
        """Whether each run is right on the sample."""
        return [run.get(place.id) if has else None for run, has in zip(self.right, place.runs, strict=True)]


class Server(ThreadingHTTPServer):
    """Serves what `make` gives, and makes it anew where `stamp` has become another.

    Port 0 is any that is free. Raises `MachineError` where the port is taken.
    """

    daemon_threads = True

    def __init__(self, make: Callable[[], Shown], stamp: Callable[[], Hashable], *, port: int) -> None:
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except OSError as error:
            raise MachineError(f"cannot serve on port {port}: {error.strerror}", "give another --port") from error
        self._make = make
        self._stamp = stamp
        self._lock = threading.Lock()
        self._shown: tuple[Hashable, Shown] | None = None
        self._kept: dict[Hashable, Any] = {}
        self._kept_at: Hashable = None
        self.names = {f"{host}:{self.server_port}" for host in (LOOPBACK, "localhost")}

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{LOOPBACK}:{self.server_port}/"

    def shown(self, *, anew: bool) -> Shown:
        """What is served; with `anew` as the runs are now."""
        with self._lock:
            if self._shown is None or (anew and self._shown[0] != self._stamp()):
                stamp = self._stamp()  # before it is made, so that what comes while it is makes another
                self._shown = stamp, self._make()
            return self._shown[1]

    def samples(
        self, *, task: str, a: int, b: int, show: str, group: str, q: str, start: int, count: int, sample: str,
        runs: str,
    ) -> dict[str, Any]:  # fmt: skip
        """The answer to /samples. Raises `ConfigError` for what there is none of."""
        shown, found = self._found(task, runs)
        if show not in SHOWS:
            raise ConfigError(f"there is nothing to show called {show!r}", nearest(show, SHOWS))
        if not (max(a, b) < len(shown.labels) and 0 < count <= MOST and len(q) <= LONGEST):
            raise ConfigError(f"there are {len(shown.labels)} runs, and 1 to {MOST} samples in one answer")
        chosen = self._chosen(shown, task, found, show, a, b, group, q)
        if sample.isdecimal() and int(sample) in chosen:
            start = chosen.index(int(sample)) // count * count
        with journals(shown.folders) as opened:
            return {
                "total": len(chosen),
                "start": start,
                "answered": [any(place.runs[run] for place in found.places) for run in range(len(shown.labels))],
                "samples": [
                    {"index": at, "id": place.id, "group": read_group(opened, task, place), "right": found.of(place)}
                    for at, place in ((at, found.places[at]) for at in chosen[start : start + count])
                ],
            }

    def sample(self, *, task: str, index: int, runs: str) -> SharedSample:
        """The answer to /sample. Raises `ConfigError` for what there is none of."""
        shown, found = self._found(task, runs)
        if index >= len(found.places):
            raise ConfigError(f"{task} has {len(found.places):,} samples, counted from 0")
        with journals(shown.folders) as opened:
            return read_samples(opened, task, [found.places[index]])[0]

    def _found(self, task: str, runs: str) -> tuple[Shown, _Listing]:
        """What is shown, and the samples of `task`."""
        shown = self.shown(anew=False)
        if task not in shown.tasks:
            raise ConfigError(f"no run has the task {task!r}", nearest(task, shown.tasks))
        if runs and json.loads(runs) != list(shown.labels):
            raise ConfigError("the runs are others by now", "load the page again")
        return shown, self._listing(shown, task)

    def _listing(self, shown: Shown, task: str) -> _Listing:
        def read() -> _Listing:
            with journals(shown.folders) as opened:
                right = [{} if one is None else one.right(task) for one in opened]
                return _Listing(places=places(opened, task), right=right)

        return self._keep(read, shown, task)

    def _chosen(
        self, shown: Shown, task: str, found: _Listing, show: str, a: int, b: int, group: str, q: str
    ) -> list[int]:
        def read() -> list[int]:
            with journals(shown.folders) as opened:
                having = [one.found(task, q) if one is not None and q else set() for one in opened]
                grouped = [one.grouped(task, group) if one is not None and group else set() for one in opened]
            return [
                at
                for at, place in enumerate(found.places)
                if SHOWS[show]((right := found.of(place))[a], right[b])
                and (not q or _among(place, having))
                and (not group or _among(place, grouped))
            ]

        return self._keep(read, shown, task, show, a, b, group, q)

    def _keep(self, read: Callable[[], T], shown: Shown, *what: Hashable) -> T:
        """What `read` gives, read once while the runs do not go on; the last `KEPT` are kept."""
        key, stamp = (tuple(shown.folders), *what), self._stamp()
        with self._lock:
            if stamp != self._kept_at:
                self._kept, self._kept_at = {}, stamp
            if key not in self._kept:
                if len(self._kept) >= KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = read()
            found: T = self._kept[key]
            return found


def _among(place: Place, ids: Sequence[set[str]]) -> bool:
    """Whether any run that has the sample has it among its `ids`."""
    return any(has and place.id in known for has, known in zip(place.runs, ids, strict=True))


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD, and nothing else."""

    server: Server
    server_version = "benchcore"
    sys_version = ""
    timeout = 30  # seconds for a request to arrive

    def do_GET(self) -> None:
        if self.headers.get("Host") not in self.server.names:
            self._answer(HTTPStatus.FORBIDDEN, b"this page is served to this machine alone\n", "text/plain")
            return
        try:
            self._route()
        except (ConfigError, json.JSONDecodeError) as error:
            self._json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        except BenchcoreError as error:
            self._json({"error": str(error)}, HTTPStatus.INTERNAL_SERVER_ERROR)

    do_HEAD = do_GET  # noqa: N815  # named by http.server

    def _route(self) -> None:
        where = urlsplit(self.path)
        if where.path == "/":
            page = self.server.shown(anew=True).page
            self._answer(HTTPStatus.OK, page.encode(errors="replace"), "text/html")
        elif where.path == "/samples":
            self._json(self.server.samples(**_query(where.query, LIST)))
        elif where.path == "/sample":
            self._json(self.server.sample(**_query(where.query, {"task": "", "index": 0, "runs": ""})))
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"there is nothing here\n", "text/plain")

    def _json(self, document: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        import msgspec

        self._answer(status, msgspec.json.encode(document), "application/json")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # named by http.server
        """Nobody reads a log of one's own clicks."""


def _query(text: str, known: dict[str, Any]) -> dict[str, Any]:
    """The values of a query in place of those of `known`, numbers where those are; raises `ConfigError` for others."""
    try:
        given = {name: values[-1] for name, values in parse_qs(text, max_num_fields=len(known)).items()}
        found = {name: type(known[name])(value) for name, value in given.items()}
    except (KeyError, ValueError) as error:
        raise ConfigError(f"the query {text[:200]!r} cannot be meant", f"it may have {', '.join(known)}") from error
    if any(type(value) is int and value < 0 for value in found.values()):
        raise ConfigError("no number may be below 0")
    return {**known, **found}
