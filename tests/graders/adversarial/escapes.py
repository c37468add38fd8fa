"""Programs that ask the kernel for more than they were given: success shows as a wrong answer or in the laboratory."""

from .case import CHEATED, FAILED, FORKED, PASSED, REFUSED, SMALL, SYSCALL, Case, attempt, case


def call(name: str, why: str, body: str) -> Case:
    """An attempt by raw system call numbers, which are those of x86-64."""
    return attempt(name, why, body, kinds=REFUSED, needs="x86_64", before=SYSCALL + FORKED)


EXEC: tuple[Case, ...] = (
    attempt("execv", "another program", "return in_child(lambda: os.execv('/bin/true', ['true']))", before=FORKED),
    attempt(
        "exec-python",
        "the interpreter, which is there to be read",
        "return in_child(lambda: os.execv(sys.executable or '@PYTHON@', ['python', '-c', '']))",
        before="import sys" + FORKED,
    ),
    attempt(
        "posix-spawn",
        "another program",
        """
        pid = os.posix_spawn("/bin/true", ["true"], {})
        return os.waitpid(pid, 0)[1] == 0
        """,
        before="import os",
    ),
    attempt("system", "a shell", "return os.system('true') == 0", before="import os"),
    attempt("popen", "a shell", "return 'out' in os.popen('echo out').read()", before="import os"),
    attempt(
        "subprocess",
        "a shell",
        "return subprocess.run(['echo', 'out'], capture_output=True).stdout == b'out\\n'",
        before="import subprocess",
    ),
    attempt(
        "subprocess-python",
        "an interpreter without our hooks",
        "return subprocess.run(['@PYTHON@', '-I', '-c', 'print(1)'], capture_output=True).stdout == b'1\\n'",
        before="import subprocess",
    ),
    attempt(
        "spawn",
        "another program",
        "return os.spawnv(os.P_WAIT, '/bin/true', ['true']) == 0",
        before="import os",
    ),
    attempt(
        "own-executable",
        "a script of its own making",
        """
        with open("run", "w") as file: file.write("#!/bin/sh\\nexit 0\\n")
        os.chmod("run", 0o755)
        return in_child(lambda: os.execv("./run", ["run"]))
        """,
        before=FORKED,
    ),
    attempt(
        "memfd-exec",
        "a program that is no file",
        """
        fd = os.memfd_create("run", 0)
        os.write(fd, b"#!/bin/sh\\nexit 0\\n")
        return in_child(lambda: os.execve(fd, ["run"], {}))
        """,
        before=FORKED,
    ),
    call(
        "execveat",
        "the other exec",
        """
        arguments = (ctypes.c_char_p * 2)(b"true", None)
        empty = (ctypes.c_char_p * 1)(None)
        return in_child(lambda: syscall(322, -100, ctypes.c_char_p(b"/bin/true"), arguments, empty, 0))
        """,
    ),
    call(
        "x32-exec",
        "the same call by its number in another ABI",
        """
        arguments = (ctypes.c_char_p * 2)(b"true", None)
        empty = (ctypes.c_char_p * 1)(None)
        return in_child(lambda: syscall(0x40000000 + 520, ctypes.c_char_p(b"/bin/true"), arguments, empty))
        """,
    ),
    call(
        "int80-exec",
        "the same call through the 32-bit door",
        """
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
        page = libc.mmap(None, 4096, 7, 0x62, -1, 0)
        if page in (None, ctypes.c_void_p(-1).value): return False
        path, arguments = page + 1024, page + 1056
        ctypes.memmove(path, b"/bin/true\\0", 10)
        ctypes.memmove(arguments, path.to_bytes(4, "little") + bytes(8), 12)
        word = lambda v: v.to_bytes(4, "little")
        code = b"\\x53\\xb8" + word(11) + b"\\xbb" + word(path) + b"\\xb9" + word(arguments) + b"\\xba"
        code += word(arguments + 4) + b"\\xcd\\x80\\x5b\\xc3"
        ctypes.memmove(page, code, len(code))
        return in_child(ctypes.CFUNCTYPE(ctypes.c_long)(page))
        """,
    ),
)

PRIVILEGE: tuple[Case, ...] = (
    attempt(
        "setuid",
        "back to root",
        "if os.getuid() == 0: return False\nos.setuid(0)\nreturn True",
        before="import os",
    ),
    attempt(
        "setresuid",
        "root as the saved user",
        "if 0 in os.getresuid(): return False\nos.setresuid(-1, -1, 0)\nreturn True",
        before="import os",
    ),
    attempt("setgroups", "more groups", "os.setgroups([0, 4, 6])\nreturn True", before="import os"),
    call(
        "capabilities",
        "none is held, in no set that counts, but CAP_DAC_READ_SEARCH where Python lies in root's home",
        """
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        data = (ctypes.c_uint32 * 6)()
        return syscall(125, header, data) == 0 and any(data[i] & ~4 for i in (0, 1, 3, 4))
        """,
    ),
    call(
        "new-capabilities",
        "all of them, please",
        """
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        data = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
        return syscall(126, header, data) == 0
        """,
    ),
    call(
        "new-privileges", "the bit that keeps set-uid programs harmless is on", "return libc.prctl(39, 0, 0, 0, 0) == 0"
    ),
    call(
        "dumpable-core",
        "no dump of memory is ever written",
        """
        import resource
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (1 << 30, 1 << 30))
        except ValueError:
            return False
        return True
        """,
    ),
    attempt(
        "raise-hard-limits",
        "a hard limit goes down only",
        """
        names = "RLIMIT_CPU RLIMIT_AS RLIMIT_FSIZE RLIMIT_NOFILE RLIMIT_NPROC".split()
        for name in names:
            limit = getattr(resource, name)
            hard = resource.getrlimit(limit)[1]
            if hard == resource.RLIM_INFINITY: continue
            try:
                resource.setrlimit(limit, (hard + 1, hard + 1))
            except (OSError, ValueError):
                continue
            return True
        return False
        """,
        before="import resource",
    ),
    case(
        "raise-soft-limits",
        REFUSED | FAILED,
        "what may be raised must not help: two gigabytes stay out of reach",
        """
        import resource
        for name in "RLIMIT_CPU RLIMIT_AS RLIMIT_FSIZE RLIMIT_NOFILE RLIMIT_NPROC RLIMIT_DATA".split():
            limit = getattr(resource, name)
            hard = resource.getrlimit(limit)[1]
            try:
                resource.setrlimit(limit, (hard, hard))
            except (OSError, ValueError):
                pass
        def solve(a, b):
            try:
                keep = bytearray(2 << 30)
            except MemoryError:
                return a + b
            for i in range(0, len(keep), 4096): keep[i] = 1
            while True: pass
        """,
        limits=SMALL,
        peak_bytes=1600 << 20,
    ),
    attempt(
        "priority",
        "before everybody else",
        "os.nice(-5)\nreturn True",
        before="import os",
    ),
    attempt(
        "real-time",
        "before everybody else, without end",
        "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))\nreturn True",
        before="import os",
    ),
)

KERNEL: tuple[Case, ...] = (
    call("unshare-user", "a user namespace, where it would be root", "return libc.unshare(0x10000000) == 0"),
    call("unshare-mount", "a mount namespace", "return libc.unshare(0x00020000) == 0"),
    call("unshare-net", "a network namespace", "return libc.unshare(0x40000000) == 0"),
    call("unshare-pid", "a pid namespace", "return libc.unshare(0x20000000) == 0"),
    call(
        "clone-user",
        "a user namespace by clone",
        """
        pid = syscall(56, 0x10000000 | 17, 0, 0, 0, 0)
        if pid == 0: os._exit(0)
        return pid > 0 and os.waitpid(pid, 0)[1] == 0
        """,
    ),
    call(
        "clone3-user",
        "a user namespace by clone3, whose flags no filter can read",
        """
        arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
        pid = syscall(435, arguments, 88)
        if pid == 0: os._exit(0)
        return pid > 0 and os.waitpid(pid, 0)[1] == 0
        """,
    ),
    call(
        "setns",
        "the namespaces of its parent",
        """
        fd = syscall(434, os.getppid() or 1, 0)
        return fd >= 0 and syscall(308, fd, 0x20000000 | 0x00020000 | 0x40000000) == 0
        """,
    ),
    call(
        "mount",
        "a file system of its own",
        """
        os.mkdir("here")
        done = libc.mount(b"none", b"here", b"tmpfs", 0, None) == 0
        if done: libc.umount2(b"here", 2)
        return done
        """,
    ),
    call("remount", "its root, writable", "return libc.mount(None, b'/', None, 32 | 4096, None) == 0"),
    call(
        "bind-mount",
        "the root of all, here",
        """
        os.mkdir("here")
        done = libc.mount(b"/", b"here", None, 4096, None) == 0
        if done: libc.umount2(b"here", 2)
        return done
        """,
    ),
    call(
        "mount-proc",
        "a view of the processes",
        """
        os.mkdir("here")
        done = libc.mount(b"proc", b"here", b"proc", 0, None) == 0
        if done: libc.umount2(b"here", 2)
        return done
        """,
    ),
    call(
        "new-mount-calls",
        "the newer way to mount",
        """
        return syscall(430, ctypes.c_char_p(b"tmpfs"), 0) >= 0 or syscall(428, -100, ctypes.c_char_p(b"/"), 1) >= 0
        """,
    ),
    call("umount", "what lies beneath its folder", "return libc.umount2(b'.', 2) == 0"),
    attempt("chroot", "a root of its own", "os.chroot('.')\nreturn True", before="import os"),
    call(
        "pivot-root",
        "a root of its own",
        "os.mkdir('old')\nreturn syscall(155, ctypes.c_char_p(b'.'), ctypes.c_char_p(b'old')) == 0",
    ),
    attempt(
        "old-root",
        "a root that was changed but not left behind",
        """
        for _ in range(40): os.chdir("..")
        return open("@CANARY@"[1:]).read()
        """,
        before="import os",
    ),
    call(
        "io-uring",
        "system calls that no filter sees",
        """
        ring = syscall(425, 4, (ctypes.c_uint8 * 120)())
        return ring >= 0
        """,
    ),
    call(
        "bpf",
        "code in the kernel",
        """
        attributes = (ctypes.c_uint32 * 32)(1, 4, 4, 1)
        return syscall(321, 0, attributes, 128) >= 0
        """,
    ),
    call(
        "perf",
        "counters of the machine",
        """
        attributes = (ctypes.c_uint32 * 32)(1, 128)
        return syscall(298, attributes, 0, -1, -1, 0) >= 0
        """,
    ),
    call(
        "add-key",
        "the kernel's key rings, which outlive it",
        """
        name = ctypes.c_char_p(b"@TOKEN@")
        return syscall(248, ctypes.c_char_p(b"user"), name, name, 4, -4) > 0
        """,
    ),
    call("keyctl", "the kernel's key rings", "return syscall(250, 0, -4, 1) > 0"),
    call("userfaultfd", "a tool of kernel exploits", "return syscall(323, 0) >= 0"),
    call("personality", "memory without random addresses", "return libc.personality(0x0040000) >= 0"),
    call(
        "open-by-handle",
        "a file by its number, past all paths",
        """
        handle = (ctypes.c_uint8 * 136)()
        ctypes.memmove(handle, (128).to_bytes(4, "little"), 4)
        mount = ctypes.c_int()
        if syscall(303, -100, ctypes.c_char_p(b"."), handle, ctypes.byref(mount), 0) != 0: return False
        folder = os.open(".", os.O_RDONLY)
        return syscall(304, folder, handle, os.O_RDONLY) >= 0
        """,
    ),
    call("ptrace-sentinel", "another's memory and registers", "return libc.ptrace(0x4206, @SENTINEL@, 0, 0) == 0"),
    call(
        "ptrace-parent",
        "the driver's parent",
        """
        parent = os.getppid()
        return parent > 0 and libc.ptrace(0x4206, parent, 0, 0) == 0
        """,
    ),
    call(
        "read-memory",
        "another's memory",
        """
        class Part(ctypes.Structure):
            _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
        space = ctypes.create_string_buffer(8)
        here = Part(ctypes.addressof(space), 8)
        there = Part(id(None), 8)
        pids = [p for p in (@SENTINEL@, @PARENT@, os.getppid()) if p > 0]
        return any(syscall(310, p, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0 for p in pids)
        """,
    ),
    call(
        "take-descriptor",
        "another's open files",
        """
        for pid in (@PARENT@, os.getppid() or 1):
            fd = syscall(434, pid, 0)
            if fd >= 0 and any(syscall(438, fd, n, 0) >= 0 for n in range(64)): return pid != os.getpid()
        return False
        """,
    ),
    call(
        "host-name",
        "a setting of the machine, to what it is",
        """
        name = os.uname().nodename.encode()
        return libc.sethostname(name, len(name)) == 0
        """,
    ),
    call(
        "load-module",
        "code in the kernel",
        "return syscall(175, ctypes.c_char_p(b'x'), 1, ctypes.c_char_p(b'')) == 0 or ctypes.get_errno() == 8",
    ),
    call(
        "shared-segment",
        "memory that outlives every process",
        """
        libc.shmget(0x5ADB0C5, 1 << 20, 0o1666)
        return False  # what counts is that the laboratory does not find it
        """,
    ),
    call("semaphore-set", "an object that outlives every process", "libc.semget(0x5ADB0C5, 1, 0o1666)\nreturn False"),
    call("message-queue", "an object that outlives every process", "libc.msgget(0x5ADB0C5, 0o1666)\nreturn False"),
)

FILES: tuple[Case, ...] = (
    attempt(
        "walk-up",
        "the canary by way of ..",
        """
        with open("../" * 40 + "@CANARY@"[1:]) as file: return file.read()
        """,
    ),
    attempt(
        "chdir-up",
        "the canary's folder as the working folder",
        "os.chdir('@CANARY_DIR@')\nreturn open('canary').read()",
        before="import os",
    ),
    attempt(
        "symlink",
        "the canary by another name",
        "os.symlink('@CANARY@', 'link')\nreturn open('link').read()",
        before="import os",
    ),
    attempt(
        "symlinked-folder",
        "a folder that leads out",
        "os.symlink('/', 'all')\nreturn open('all' + '@CANARY@').read()",
        before="import os",
    ),
    attempt(
        "hardlink", "the canary under a name of its own", "os.link('@CANARY@', 'link')\nreturn True", before="import os"
    ),
    attempt(
        "open-folder",
        "a descriptor of the root to start from",
        """
        root = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        return os.read(os.open("@CANARY@"[1:], os.O_RDONLY, dir_fd=root), 100)
        """,
        before="import os",
    ),
    attempt(
        "path-descriptor",
        "O_PATH asks for no right to read",
        """
        fd = os.open("@CANARY@", os.O_PATH)
        return os.read(os.open(f"/dev/fd/{fd}", os.O_RDONLY), 100)
        """,
        before="import os",
        kinds=PASSED | CHEATED,
    ),
    attempt(
        "working-folder-replaced",
        "the clean-up must not follow a link out",
        """
        here = os.getcwd()
        try:
            os.rmdir(here)
            os.symlink("@CANARY_DIR@", here)
        except OSError:
            pass
        os.symlink("@CANARY_DIR@", "folder")
        return False
        """,
        before="import os",
    ),
    attempt(
        "locked-tree",
        "the clean-up meets folders without any permission",
        """
        os.makedirs("a/b/c")
        open("a/b/file", "w").close()
        os.mkfifo("a/fifo")
        for path in ("a/b/c", "a/b", "a"): os.chmod(path, 0)
        return False
        """,
        before="import os",
    ),
    attempt(
        "odd-names",
        "the clean-up meets names that are no text",
        """
        for name in (b"\\xff\\xfe", b"-rf", b"new\\nline", b" ", b"*", b"\\x01"): open(name, "w").close()
        return False
        """,
    ),
    attempt(
        "device-null",
        "a device node of its own",
        "os.mknod('node', stat.S_IFCHR | 0o666, os.makedev(1, 1))\nreturn True",
        before="import os, stat",
    ),
    attempt(
        "device-disk",
        "the machine's disk",
        """
        for name in ("/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/mem", "/dev/kmem", "/dev/kmsg", "/dev/fuse"):
            try:
                os.close(os.open(name, os.O_RDONLY))
            except OSError:
                continue
            return True
        return False
        """,
        before="import os",
    ),
    attempt(
        "terminal",
        "keys pushed into the terminal of whoever started us",
        "fcntl.ioctl(os.open('/dev/tty', os.O_RDWR), termios.TIOCSTI, b'#')\nreturn True",
        before="import fcntl, os, termios",
    ),
    attempt(
        "standard-library",
        "code that every later program imports",
        """
        folder = os.path.dirname(os.__file__)
        worked = False
        for name in ("@TOKEN@.py", "__pycache__/@TOKEN@.pyc", "site-packages/@TOKEN@.pth"):
            try:
                open(f"{folder}/{name}", "w").close()
                worked = True
            except OSError:
                continue
        return worked
        """,
        before="import os",
    ),
    attempt(
        "standard-library-change",
        "a file of the library opened for writing",
        "os.close(os.open(string.__file__, os.O_WRONLY))\nreturn True",
        before="import os, string",
    ),
    attempt(
        "library-mode",
        "a file of the library that everybody may write",
        "mode = os.stat(string.__file__).st_mode & 0o7777\nos.chmod(string.__file__, mode)\nreturn True",
        before="import os, string",
    ),
    attempt(
        "write-outside",
        "new files wherever there is a folder",
        """
        for folder in ("/", "/tmp", "/var/tmp", "/run", "/etc", "/root", "@HOME@", "@TMP@", "@REPO@", "/dev"):
            try:
                open(f"{folder}/@TOKEN@", "w").close()
            except OSError:
                continue
        return False  # `/` may be its own: what counts is that the laboratory finds none of them
        """,
        before="import os",
    ),
    attempt(
        "raise-inodes",
        "attributes that keep a file from being removed",
        """
        open("stay", "w").close()
        fd = os.open("stay", os.O_RDONLY)
        fcntl.ioctl(fd, 0x40086602, (0x10).to_bytes(8, "little"))
        fcntl.ioctl(fd, 0x40086602, bytes(8))
        return True
        """,
        before="import fcntl, os",
    ),
)

CASES: tuple[Case, ...] = (*EXEC, *PRIVILEGE, *KERNEL, *FILES)
