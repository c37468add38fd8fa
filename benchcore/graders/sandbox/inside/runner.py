"""The trusted runner: holds the tests, has the candidate forked, and alone decides.

Started by a worker with the descriptor of its socket. Each job is one program; its result is
[kind, detail, cpu seconds, changed, script, usable]: whether a call changed its arguments in place, the calls that the
tests made, and whether the zygote can go on.
"""

import builtins
import contextlib
import functools
import os
import random
import resource
import secrets
import signal
import socket
import subprocess
import sys
from types import CodeType
from typing import Any, NoReturn

from benchcore.graders.sandbox.inside.frames import (
    GRACE,
    HEAD,
    INTERPRETER,
    MESSAGE,
    OFF_SCRIPT,
    exactly,
    receive,
    send,
)
from benchcore.graders.sandbox.inside.plain import BYTES, NotPlain, decode, dumps, encode, loads

MEMORY = 2 << 30  # address space: a hostile answer must not fill the machine through the tests
STUCK = 10.0  # seconds of CPU beyond all limits
SCRIPT_BYTES = 4 << 20  # a longer script is not worth its keeping
COMPILED = 32  # test suites kept: the trials of a problem come together

Result = list[Any]


class _Over(BaseException):
    """The candidate cannot go on: thrown through the tests, and remembered should they swallow it."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class _Late(BaseException):
    """The tests themselves take too long."""


class Runner:
    """One zygote and the programs it forks, one at a time."""

    def __init__(self, boss: socket.socket, alive: int) -> None:
        self._boss = boss
        self._zygote, theirs = socket.socketpair()
        with theirs:
            configuration = receive(boss)
            self._seconds = configuration["limits"]["wall"] + GRACE
            self._process = subprocess.Popen(
                [sys.executable, *INTERPRETER, "-c", _ZYGOTE, str(theirs.fileno())],
                pass_fds=(theirs.fileno(), alive),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        send(self._zygote, configuration)
        send(boss, receive(self._zygote))

    def serve(self) -> None:
        """Do jobs until the worker closes its socket."""
        while True:
            send(self._boss, self._judge(receive(self._boss)))

    def _judge(self, job: dict[str, Any]) -> Result:
        """One child from its start to its end, and what the zygote says of it."""
        self._zygote.sendall(b"s")
        _, descriptors, _, _ = socket.recv_fds(self._zygote, 1, 1)
        # without one the zygote could not fork; its report says why
        with socket.socket(fileno=descriptors[0]) if descriptors else socket.socket() as wire:
            talk = _Talk(wire, job)
            # the second one kills: for tests that no handler can reach, once nobody waits for them any more
            signal.setitimer(signal.ITIMER_PROF, self._seconds + STUCK)
            try:
                signal.setitimer(signal.ITIMER_REAL, self._seconds)
                talk.judge()
                signal.setitimer(signal.ITIMER_REAL, 0)
            except _Late:
                talk.over = talk.over or _Over("timeout", "its tests did not come to an end in time")
            self._zygote.sendall(b"e")
            report = receive(self._zygote)  # before our end closes: a child that saw that would wake up to leave
        kind, detail = _verdict(talk, report)
        script = talk.recorded if kind == "passed" and talk.recorded else []
        return [kind, detail, report["cpu"], talk.changed, script, not report["trouble"]]


def _verdict(talk: "_Talk", report: dict[str, Any]) -> tuple[str, str]:
    """Kind and detail from what the tests saw and what the zygote says of the child."""
    over = talk.over
    if over is None:
        return "passed", ""
    if over.kind != "gone":
        return over.kind, over.detail
    code = report["code"]
    end = f"exit with status {code}" if code >= 0 else f"killed by {_signal_name(-code)}"
    if not talk.ready:
        return "error", report["trouble"] or f"the program's process ended before it could start ({end})"
    if report["stopped"]:
        kind, detail = report["stopped"]
        return kind, detail
    if code < 0 or not talk.loaded:
        return "crashed", f"{end} before the end"
    return "cheated", f"{end} during the tests"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class _Talk:
    """One program under test: its namespace, its proxies, the conversation."""

    def __init__(self, wire: socket.socket, job: dict[str, Any]) -> None:
        self._wire = wire
        self._job = job
        self._script: list[str] = job["script"]
        self._called = self._length = 0
        self._seq = secrets.randbits(50) + 1
        self._things: dict[int, Remote] = {}
        self._raised: BaseException | None = None  # the last exception that came from the program ...
        self._raised_where = ""  # ... and where in it, in words
        self.over: _Over | None = None
        # the calls so far, as a script, of a reference that is being calibrated; None when they cannot be one
        self.recorded: list[str] | None = [] if job["back"] else None
        self.ready = self.loaded = self.changed = False

    def judge(self) -> None:
        """Run module, helpers and tests; `over` stays None only if the tests came to their end."""
        try:
            self._run()
        except _Late:
            raise
        except _Over:
            pass
        except MemoryError:
            self.over = self.over or _Over("failed", "its answers need more memory than the tests may use")
        except BaseException as error:  # noqa: BLE001  # a failing test may raise anything
            self.over = self.over or _Over("failed", self._explain(error))

    def _run(self) -> None:
        names = self._job["exports"]
        self._send(dumps([self._seq, "load", [self._job["source"], names]]))
        found = self._answer(self._seq)
        self.loaded = True
        # not before: a program that reads it while it is loaded could answer calls that nobody has made
        if self._script:
            self._send(f'[{self._seq + 1},"script",[{",".join(self._script)}]]')
        space: dict[str, Any] = {"__name__": "tests"}
        random.seed(0)  # some tests draw their inputs: the same for each program
        exec(_compiled(self._job["helpers"], "helpers"), space)  # noqa: S102  # the data set's own code
        for name, (present, value) in zip(names, found, strict=True):
            if present:
                space[name] = self._decode(value)
            else:
                space.pop(name, None)
        exec(_compiled(self._job["tests"], "tests"), space)  # noqa: S102
        if self.over:
            raise self.over

    def _explain(self, error: BaseException) -> str:
        """Why the tests failed, with their line; or what the program raised."""
        if error is self._raised:
            return self._raised_where
        line, trace = 0, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == "tests":
                line = trace.tb_lineno
            trace = trace.tb_next
        with contextlib.suppress(Exception):
            message = str(error)[:500]
            text = f"{type(error).__name__}: {message}" if message else type(error).__name__
            lines = self._job["tests"].split("\n")
            return f"{text} (tests, line {line}: {lines[line - 1].strip()[:500]})"[:MESSAGE] if line else text
        return type(error).__name__

    def call(self, thing: "Remote", arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a thing of the program; copies arguments back where the job says so."""
        call = self._encode([thing, list(arguments), keywords])
        if self.recorded is not None:
            self.recorded.append(call)
            self._length += len(call)
            if self._length > SCRIPT_BYTES:
                self.recorded = None
        if self._job["back"]:
            result, after = self._ask("call back", call)
            self._copy_back(arguments, keywords, after)
            return self._decode(result)
        return self._decode(self._scripted(call) if self._called < len(self._script) else self._ask("call", call))

    def _scripted(self, call: str) -> Any:
        """The answer to the next call of the script, which the program may have given already."""
        if self.over:
            raise self.over
        if call != self._script[self._called]:
            self._stop(OFF_SCRIPT, "the tests go by what the program answers")
        self._called += 1
        return self._answer(self._seq + self._called)

    def get(self, thing: "Remote", name: str) -> Any:
        """An attribute of a thing of the program."""
        self.recorded = None
        return self._decode(self._ask("get", self._encode([thing, name])))

    def set(self, thing: "Remote", name: str, value: Any) -> None:
        """Set an attribute of a thing of the program."""
        self.recorded = None
        self._ask("set", self._encode([thing, name, value]))

    def _encode(self, parts: list[Any]) -> str:
        return dumps([encode(part, self._reference) for part in parts])

    def _reference(self, thing: Any) -> Any:
        """A thing of the program goes back as its number; anything else that is not plain cannot be an argument."""
        if type(thing) is not Remote:
            raise TypeError(f"the tests pass {type(thing).__name__}, which cannot cross to the program")
        if thing._number >= len(self._job["exports"]):
            self.recorded = None  # what the program made on the way may have another number in another program
        return {"o": [thing._number, thing._name]}

    def _copy_back(self, arguments: tuple[Any, ...], keywords: dict[str, Any], after: Any) -> None:
        positional, named = self._decode(after)
        if len(positional) != len(arguments) or named.keys() != keywords.keys():
            self._stop("cheated", "a reply that no call was answered with")
        pairs = [*zip(arguments, positional, strict=True), *((keywords[name], named[name]) for name in keywords)]
        for before, now in pairs:
            if type(before) is not type(now) or repr(before) == repr(now):
                continue
            if isinstance(before, list | bytearray):
                before[:] = now
            elif isinstance(before, dict | set):
                before.clear()
                before.update(now)
            else:
                continue
            self.changed = True
            self.recorded = None

    def _decode(self, data: Any) -> Any:
        try:
            return decode(data, self._import)
        except NotPlain as error:
            self._stop("cheated", f"a reply that is no value: {error}")

    def _import(self, data: Any) -> "Remote":
        ((tag, (number, name)),) = data.items()
        if tag != "o" or type(number) is not int or type(name) is not str:
            raise NotPlain("an unknown tag")
        if number not in self._things:
            self._things[number] = Remote(self, number, name)
        return self._things[number]

    def _ask(self, action: str, parts: str) -> Any:
        """One request, its parts encoded, and its answer."""
        if self.over:
            raise self.over
        seq = secrets.randbits(50) + 1
        self._send(f'[{seq},"{action}",{parts}]')
        return self._answer(seq)

    def _send(self, request: str) -> None:
        data = request.encode("ascii")
        try:
            self._wire.sendall(HEAD.pack(len(data)) + data)
        except OSError:
            self._stop("gone", "")

    def _answer(self, seq: int) -> Any:
        """The answer to the request `seq`. Raises what the program raised, or `_Over`."""
        try:
            if not self.ready:
                self.ready = self._reply() == [0, "hello"]
            reply = self._reply()
        except OSError:
            self._stop("gone", "")
        except NotPlain as error:
            self._stop("cheated", f"bytes that are no reply: {error}")
        if type(reply) is not list or len(reply) != 4 or reply[0] != seq:
            self._stop("cheated", "a reply to no request")
        _, kind, content, noticed = reply
        if noticed is not None:
            self._stop("cheated", f"a look around: {str(noticed)[:200]}")
        if kind == "value":
            return content
        if kind == "left":
            self._stop("cheated" if self.loaded else "crashed", str(content)[:MESSAGE])
        if kind == "refused":
            self._stop("failed", f"its answer is too large: {str(content)[:MESSAGE]}")
        if kind != "raised" or type(content) is not list or len(content) != 3:
            self._stop("cheated", "a reply of no kind")
        name, message, where = (str(part)[:MESSAGE] for part in content)
        if name == "MemoryError":
            self._stop("crashed", where)
        if not self.loaded:
            self._stop("failed", where)
        self._raised, self._raised_where = _exception(name, message), where
        raise self._raised

    def _reply(self) -> Any:
        (length,) = HEAD.unpack(exactly(self._wire, HEAD.size))
        if length > BYTES:
            raise NotPlain("too long")
        return loads(exactly(self._wire, length))

    def _stop(self, kind: str, detail: str) -> NoReturn:
        self.over = _Over(kind, detail)
        raise self.over from None


class Remote:
    """A thing of the program that is not plain data: a function, a class, an object.

    Calling it and its attributes go to the program. Its special methods do not: it is equal to itself alone,
    whatever the program's `__eq__` says.
    """

    __slots__ = ("_name", "_number", "_talk")

    def __init__(self, talk: _Talk, number: int, name: str) -> None:
        object.__setattr__(self, "_talk", talk)
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_name", name)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it in the program."""
        return self._talk.call(self, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._talk.get(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._talk.set(self, name, value)

    def __repr__(self) -> str:
        return f"<{self._name} of the program>"


def _exception(name: str, text: str) -> BaseException:
    """An exception of the builtin class called `name`, or of its nearest base that is made of a text alone."""
    found = getattr(builtins, name, None)
    if name in ("StopIteration", "StopAsyncIteration", "GeneratorExit"):
        # these would end a loop of the tests, silently, and the tests with it (PEP 479 has the same cure)
        return RuntimeError(f"{name} left the program: {text}")
    if isinstance(found, type) and issubclass(found, BaseException):
        for base in found.__mro__:
            with contextlib.suppress(TypeError):
                made: BaseException = base(text)
                return made
    return Exception(text)


@functools.lru_cache(COMPILED)
def _compiled(code: str, name: str) -> CodeType:
    return compile(code, name, "exec", dont_inherit=True)


_ZYGOTE = "from benchcore.graders.sandbox.inside.zygote import main; main()"


def main() -> None:
    """Serve the socket whose descriptor is the first argument.

    The second is a pipe that tells our worker when we and our zygote have ended; the others are folders to import from.
    """

    def late(number: int, frame: object) -> NoReturn:
        raise _Late

    signal.signal(signal.SIGALRM, late)
    sys.path.extend(sys.argv[3:])  # the tests may import what is installed
    with contextlib.suppress(OSError), socket.socket(fileno=int(sys.argv[1])) as boss:
        runner = Runner(boss, int(sys.argv[2]))
        with contextlib.suppress(OSError, ValueError):  # after the zygote has started: it would inherit it
            soft, hard = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY if soft == resource.RLIM_INFINITY else soft, hard))
        runner.serve()
    os._exit(0)  # the zygote sees its socket close and ends with all it started
