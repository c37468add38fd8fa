"""The candidate's side of the conversation: runs in the forked, confined child, in one process with the program.

Nothing here is trusted. A program can find and change all of it; what it gains is to answer for itself, which it
may do anyway. Names are bound early and builtins are private only so that an honest program that replaces `len`
or closes descriptors is still heard.

Replies: [0, "hello"] once the layers are on, then one a request: [seq, kind, content, noticed]. `seq` is the
request's (of a script's calls, counted up): a reply made before its request cannot know it. Kinds: value, raised,
left (SystemExit), refused (not plain). `noticed` names a forbidden look that the audit hook saw.
"""

import builtins
import os
import sys
from typing import Any

from benchcore.graders.sandbox.inside.frames import HEAD, MESSAGE
from benchcore.graders.sandbox.inside.plain import Export, NotPlain, check_size, decode, dumps, encode, loads

_BUILTINS: dict[str, Any] = dict(vars(builtins))
globals()["__builtins__"] = _BUILTINS  # functions that are made below look their builtins up here

PROGRAM = "program"
_OBJECTS = 100_000

_read, _write, _leave, _getpid = os.read, os.write, os._exit, os.getpid
_pack, _unpack, _head = HEAD.pack, HEAD.unpack, HEAD.size
_exec, _compile, _module, _modules, _audit = exec, compile, type(sys), sys.modules, sys.addaudithook
_mro = type.__dict__["__mro__"].__get__
_exceptions = {
    found: name
    for name, found in vars(builtins).items()
    if isinstance(found, type) and issubclass(found, BaseException)
}

# Looks at what surrounds a program. Its tests are in another process, so nothing is there to be found.
_LOOKS = frozenset(
    ("gc.get_objects", "gc.get_referrers", "gc.get_referents", "sys._current_frames", "sys._current_exceptions")
)
_PATHS = frozenset(("open", "os.listdir", "os.scandir"))
_noticed: list[str] = []
_HELLO = dumps([0, "hello"]).encode("ascii")


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _LOOKS:
        _noticed.append(event)
    elif event in _PATHS:
        path = arguments[0]
        if type(path) is bytes:
            path = path.decode("utf-8", "replace")
        if type(path) is str and (path == "/proc" or path.startswith("/proc/")):
            _noticed.append(path[:100])
    elif event == "sys._getframe" and arguments and arguments[0].f_code.co_filename == __file__:
        _noticed.append(event)


# Ordinary Python, run once in the zygote: what the interpreter makes on first use (parser tables, caches, interned
# names), each child then finds made. Without it a small program costs a child twice as much.
_REHEARSAL = '''
from typing import Any, Dict, List, Optional, Tuple
import math, re

class Node:
    """A node."""
    def __init__(self, value: int, *rest, left: Optional["Node"] = None, **more) -> None:
        self.value, self.left = value, left
    def __repr__(self) -> str:
        return f"Node({self.value!r:>4})"

def walk(n: int = 3) -> List[Tuple[int, str]]:
    """ Walk
    >>> walk(1)
    """
    seen, found = set(), []
    for i, x in enumerate(sorted([3.5, 1.25, 2.0], key=lambda y: -y, reverse=True)):
        while n > 0 and x % 2 != 1:
            n -= 1
            if n in seen: continue
            seen.add(n)
    table: Dict[str, Any] = {c: "abca".count(c) for c in "abca" if c.isalpha()}
    text = ", ".join(map(str, table.values())).upper().replace("1", "x").split(",")
    try:
        found.append((int(text[0]), "".join(reversed(text))))
    except (ValueError, IndexError) as error:
        found.append((math.floor(2.5), str(error)))
    finally:
        total = sum(a * b for a, b in zip(range(3), range(3)))
    assert total == 5, "five"
    pairs = [[0] * 2 for _ in range(2)]
    pairs[0][1], pairs[1][0] = max(1, 2), min(1, 2)
    return found + [(len(re.findall(r"[a-z]+", "ab cd")), str(Node(1)))] if any(table) and all(text) else []
'''


def rehearse() -> None:
    """Do once all that a child does, but answer nobody."""
    content = _load(_REHEARSAL, ["walk", "Node"], lambda thing: {"o": [0, "function"]})
    walk = _modules[PROGRAM].walk
    request = loads(dumps([1, "call", [{"o": [0, "function"]}, [1, 2.5, "a", {"t": [None]}], {"d": []}]]).encode())
    parts = [decode(part, lambda data: walk) for part in request[2]]
    content = _do("call back", [walk, [2], {}], lambda thing: {"o": [1, "Node"]})
    reply = dumps([1, "value", [content, parts[1:]], None])
    check_size(reply)
    try:
        walk("a")
    except TypeError as error:
        dumps([1, "raised", [_base(error), _message(error), _describe(error, _REHEARSAL)], None])
    del _modules[PROGRAM]


def serve(fd: int) -> None:
    """Answer requests on `fd` until they end; never returns."""
    owner = _getpid()
    _send(fd, _HELLO)
    objects: list[Any] = []
    numbers: dict[int, int] = {}

    def export(thing: Any) -> Any:
        """A thing that is not plain stays here; its number crosses."""
        number = numbers.get(id(thing))
        if number is None:
            if len(objects) >= _OBJECTS:
                raise NotPlain(f"more than {_OBJECTS} objects")
            number = numbers[id(thing)] = len(objects)
            objects.append(thing)
        return {"o": [number, type.__dict__["__name__"].__get__(type(thing))]}

    def import_(data: Any) -> Any:
        return objects[data["o"][0]]

    _audit(_watch)
    while True:
        seq, action, content = loads(_receive(fd))
        # a script is many calls in one request; it saves two changes of process for each
        requests = [("call", call) for call in content] if action == "script" else [(action, content)]
        for number, (one, parts) in enumerate(requests):
            reply = _answer(seq + number, one, parts, export, import_)
            if _getpid() != owner:
                _leave(0)  # a child that the program forked comes past here too, and must not speak for it
            _send(fd, reply.encode("ascii"))


_source = ""


def _answer(seq: int, action: str, parts: list[Any], export: Export, import_: Export) -> str:
    """Do what is asked; the reply."""
    global _source
    try:
        if action == "load":
            _source, names = parts
            content = _load(_source, names, export)
        else:
            content = _do(action, [decode(part, import_) for part in parts], export)
        reply = dumps([seq, "value", content, _noticed[0] if _noticed else None])
        check_size(reply)
        return reply
    except SystemExit as error:
        kind, content = "left", _describe(error, _source)
    except NotPlain as error:
        kind, content = "refused", str(error)
    except BaseException as error:  # noqa: BLE001  # whatever the program raises is its result
        kind, content = "raised", [_base(error), _message(error), _describe(error, _source)]
    return dumps([seq, kind, content, _noticed[0] if _noticed else None])


def _load(source: str, names: list[str], export: Export) -> Any:
    """Run the program as a module; the values of `names`, each as [present, value]."""
    # Registered, as dataclasses and pickle look their module up; not called __main__, as a block under
    # `if __name__ == "__main__"` reads input or draws a window.
    module = _modules[PROGRAM] = _module(PROGRAM)
    space = vars(module)
    _exec(_compile(source, PROGRAM, "exec", dont_inherit=True), space)
    return [[name in space, encode(space.get(name), export)] for name in names]


def _do(action: str, parts: list[Any], export: Export) -> Any:
    if action in ("call", "call back"):
        function, arguments, keywords = parts
        result = encode(function(*arguments, **keywords), export)
        return [result, encode([arguments, keywords], export)] if action == "call back" else result
    if action == "get":
        thing, name = parts
        return encode(getattr(thing, name), export)
    thing, name, value = parts
    setattr(thing, name, value)
    return None


def _base(error: BaseException) -> str:
    """The nearest builtin class of an exception: the tests may expect it."""
    for base in _mro(type(error)):
        if base in _exceptions:
            return _exceptions[base]
    return "Exception"


def _message(error: BaseException) -> str:
    try:
        return str(error)[:MESSAGE]
    except BaseException:  # noqa: BLE001  # the program's own code
        return ""


def _describe(error: BaseException, source: str) -> str:
    """Type, message and line of an exception, for people; the message is the program's own code."""
    try:
        line, trace = 0, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == PROGRAM:
                line = trace.tb_lineno
            trace = trace.tb_next
        error.__traceback__ = None  # its frames may hold all the memory that the reply needs
        text = type(error).__name__
        if message := str(error):
            text += ": " + message[:MESSAGE]
        if line:
            lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            text += f" (line {line}: {lines[line - 1].strip()[:200]})"
        return text[:MESSAGE]
    except BaseException:  # noqa: BLE001
        return "an exception that cannot be described"


def _receive(fd: int) -> bytes:
    (length,) = _unpack(_exactly(fd, _head))
    return _exactly(fd, length)


def _exactly(fd: int, length: int) -> bytes:
    parts = []
    while length:
        part = _read(fd, min(length, 1 << 20))
        if not part:
            _leave(0)  # the runner has all it wants
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _send(fd: int, data: bytes) -> None:
    data = _pack(len(data)) + data
    while data:
        data = data[_write(fd, data) :]
