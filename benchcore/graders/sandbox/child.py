"""The driver inside the sandboxed interpreter, run by path; the parent imports it for its words alone.

It reads everything from stdin (one `marshal` value from the parent, which runs the same interpreter), sets
the limits, runs the program and reports over a descriptor of its own:

    READY                    the limits are in force, the program starts
    READY + token            the program ran to its end: the only thing that passes
    READY + KIND + text      an exception ended it; `text` is for people and decides nothing

DANGER: the program shares this process, so one that walks frames finds the token. Hiding it would only
look safe; the cure is to move tests and token out of this process.

Few imports: this file starts once for every graded program, and each costs milliseconds.
"""

# The public `signal` imports `enum`, which costs half as much again as the whole rest of the start.
import _signal  # type: ignore[import-not-found]  # the C half of `signal`, in no stubs
import marshal
import os
import sys

READY = b"ready\n"
FAILED = b"failed\n"
CRASHED = b"crashed\n"
MESSAGE_BYTES = 2000
PROGRAM = "program"


def main() -> None:
    """Run the one program that stdin brings, then leave at once: no atexit hook and no thread has a say."""
    import resource  # absent on Windows, where this file must still import

    with open(0, "rb", closefd=False) as stdin:
        token, report, limits, seconds, folders, source = marshal.loads(stdin.read())  # noqa: S302  # from our parent
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.set_inheritable(report, False)
    sys.path.extend(folders)
    sys.argv = [PROGRAM]
    # Our parent may be killed outright and then nobody watches the clock: the kernel ends a sleeper.
    _signal.setitimer(_signal.ITIMER_REAL, seconds)
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))

    # Registered, as dataclasses and pickle look their module up; not called __main__, as a block under
    # `if __name__ == "__main__"` reads input or draws a window.
    module = type(sys)(PROGRAM)
    sys.modules[PROGRAM] = module
    # Bound before the program runs: it may replace what `os` and `builtins` hold.
    write, leave, getpid, say, pid = os.write, os._exit, os.getpid, describe, os.getpid()
    write(report, READY)
    try:
        exec(compile(source, PROGRAM, "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    except BaseException as error:  # noqa: BLE001  # the sandbox's boundary: whatever the program raises is its result
        said = say(error, source)
    else:
        said = token
    if getpid() == pid:  # a child that the program forked comes past here too, and must not speak for it
        write(report, said)
    leave(0)


def describe(error: BaseException, source: str) -> bytes:
    """The report of an exception: its kind, type, message and the program's line, cut to `MESSAGE_BYTES`."""
    kind = FAILED
    try:  # the message is the program's own code and so, perhaps, is every builtin we use: anything may be raised
        if isinstance(error, SystemExit | MemoryError):
            kind = CRASHED
        number, trace = 0, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == PROGRAM:
                number = trace.tb_lineno
            trace = trace.tb_next
        error.__traceback__ = None  # its frames may hold all the memory that we need for the message
        text = type(error).__name__
        if message := str(error):
            text += ": " + message[:MESSAGE_BYTES]
        if number:
            lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            text += f" (line {number}: {lines[number - 1].strip()})"
        return kind + text.encode("utf-8", "backslashreplace")[:MESSAGE_BYTES]
    except BaseException:  # noqa: BLE001
        return kind + b"an exception that cannot be described"


if __name__ == "__main__":
    main()
