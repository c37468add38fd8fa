"""Programs that reach for files and peers outside: the canary, the home folder, sockets that listen."""

from .case import SYSCALL, Case, attempt


def change(name: str, why: str, body: str) -> Case:
    """A change of the canary; success also shows in the laboratory."""
    return attempt(
        name, why, body + "\nreturn True", before="import os, shutil\ncanary, folder = '@CANARY@', '@CANARY_DIR@'"
    )


def contact(name: str, why: str, body: str) -> Case:
    """A message to a socket of the laboratory, which keeps a list of whoever called."""
    return attempt(name, why, body, before="import os, socket")


FILES: tuple[Case, ...] = (
    change("overwrite", "new content", "open(canary, 'w').write('changed')"),
    change("append", "more content", "open(canary, 'a').write('changed')"),
    change("truncate", "less content", "os.truncate(canary, 0)"),
    change("open-truncating", "emptied by being opened", "os.close(os.open(canary, os.O_WRONLY | os.O_TRUNC))"),
    change(
        "read-only-truncating",
        "emptied though opened for reading",
        "os.close(os.open(canary, os.O_RDONLY | os.O_TRUNC))",
    ),
    change("unlink", "removed", "os.unlink(canary)"),
    change("remove-tree", "its whole folder removed", "shutil.rmtree(folder)"),
    change("rename", "moved to the scratch folder", "os.rename(canary, 'mine')"),
    change("rename-in-place", "another name beside it", "os.rename(canary, canary + '2')"),
    change("replace", "a file of our own in its place", "open('mine', 'w').close()\nos.replace('mine', canary)"),
    change("rename-folder", "the folder under another name", "os.rename(folder, folder + '2')"),
    change("new-file", "a file beside it", "open(folder + '/new', 'w').close()"),
    change("new-folder", "a folder beside it", "os.mkdir(folder + '/new')"),
    change("new-link", "a link beside it", "os.symlink('/', folder + '/new')"),
    change("new-fifo", "a pipe beside it", "os.mkfifo(folder + '/new')"),
    change("chmod", "another mode", "os.chmod(canary, 0o600)"),
    change("chmod-folder", "another mode of its folder", "os.chmod(folder, 0o700)"),
    change(
        "fchmod", "another mode by a descriptor that may do nothing", "os.fchmod(os.open(canary, os.O_PATH), 0o600)"
    ),
    change("chown", "another owner", "os.chown(canary, os.getuid(), os.getgid())"),
    change("utime", "another time", "os.utime(canary, (1, 1))"),
    change("touch", "the present time", "os.utime(canary)"),
    change("attribute", "an extended attribute", "os.setxattr(canary, 'user.mark', b'1')"),
    change(
        "lock", "a lock on it", "import fcntl\nfcntl.flock(os.open(canary, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    ),
    change("map", "its pages in memory", "import mmap\nmmap.mmap(os.open(canary, os.O_RDWR), 0)[:1] = b'x'"),
    change("through-posix", "the module below os", "import posix\nposix.unlink(canary)"),
    change(
        "through-a-child",
        "by a process of its own",
        "if os.fork() == 0:\n"
        "    try:\n"
        "        os.unlink(canary)\n"
        "    finally:\n"
        "        os._exit(0)\n"
        "os.wait()\n"
        "raise OSError",
    ),
    change(
        "through-a-thread",
        "by a thread, to which limits set for a thread may not apply",
        "import threading\n"
        "done = []\n"
        "thread = threading.Thread(target=lambda: done.append(os.unlink(canary)))\n"
        "threading.excepthook = lambda *args: None\n"
        "thread.start()\n"
        "thread.join()\n"
        "if not done: raise OSError",
    ),
    attempt(
        "through-an-older-thread",
        "by a thread that was there before the first call",
        """
        time.sleep(0.1)
        return found
        """,
        before="""
import threading, time
found = []
def job():
    time.sleep(0.05)
    try:
        found.append(open("@CANARY@").read())
    except OSError:
        pass
threading.Thread(target=job).start()
""",
    ),
    attempt(
        "database",
        "written by a library in C",
        """
        try:
            sqlite3.connect("@CANARY_DIR@/new").execute("create table t (x)")
        except sqlite3.Error:
            return False
        return True
        """,
        before="import sqlite3",
    ),
    attempt(
        "written-in-c",
        "past Python's own checks",
        "return libc.open(b'@CANARY@', os.O_WRONLY | os.O_APPEND) >= 0",
        before=SYSCALL,
    ),
    attempt(
        "unlinked-in-c",
        "past Python's own checks",
        "return libc.unlink(b'@CANARY@') == 0 or libc.rename(b'@CANARY@', b'x') == 0",
        before=SYSCALL,
    ),
    attempt(
        "opened-by-openat2",
        "the newest way to open",
        """
        how = (ctypes.c_uint64 * 3)(0, 0, 0)
        return syscall(437, -100, ctypes.c_char_p(b"@CANARY@"), how, 24) >= 0
        """,
        before=SYSCALL,
        needs="x86_64",
    ),
    attempt("home", "the home of whoever runs this", "open('@HOME@/@TOKEN@', 'w').close()\nreturn True"),
    attempt(
        "home-by-tilde",
        "a home that the user data base names",
        """
        try:
            home = pwd.getpwuid(0).pw_dir
        except KeyError:
            home = "/root"
        return os.listdir(home)
        """,
        before="import os, pwd",
    ),
    attempt("temporary-folder", "the machine's temporary folder", "open('@TMP@/@TOKEN@', 'w').close()\nreturn True"),
)

NETWORK: tuple[Case, ...] = (
    contact(
        "tcp", "a port of this machine", "socket.create_connection(('127.0.0.1', @PORT@), 1).send(b'x')\nreturn True"
    ),
    contact(
        "tcp-any-address",
        "the same by the address of all",
        "socket.create_connection(('0.0.0.0', @PORT@), 1).send(b'x')\nreturn True",
    ),
    contact("tcp6", "the same by IPv6", "socket.create_connection(('::1', @PORT6@), 1).send(b'x')\nreturn True"),
    contact(
        "tcp-mapped",
        "the same by an IPv4 address written as IPv6",
        """
        peer = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        peer.settimeout(1)
        peer.connect(("::ffff:127.0.0.1", @PORT@))
        return True
        """,
    ),
    contact(
        "tcp-fast-open",
        "data with the first packet, without connect",
        """
        peer = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        peer.settimeout(1)
        return peer.sendto(b"x", 0x20000000, ("127.0.0.1", @PORT@)) > 0
        """,
    ),
    contact(
        "tcp-multipath",
        "another protocol to the same port",
        """
        peer = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
        peer.settimeout(1)
        peer.connect(("127.0.0.1", @PORT@))
        return True
        """,
    ),
    contact(
        "tcp-by-name",
        "the same by its name",
        "socket.create_connection(('localhost', @PORT@), 1).send(b'x')\nreturn True",
    ),
    contact(
        "udp",
        "a datagram",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', @UDP_PORT@))\nreturn False",
    ),
    contact(
        "udp-connected",
        "a datagram by connect",
        """
        peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        peer.connect(("127.0.0.1", @UDP_PORT@))
        peer.send(b"x")
        return False  # a datagram into the void is sent too: the laboratory tells
        """,
    ),
    contact(
        "udp6",
        "a datagram by IPv6",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'x', ('::ffff:127.0.0.1', @UDP_PORT@))\n"
        "return False",
    ),
    contact(
        "http",
        "the library's client",
        "import urllib.request\nreturn urllib.request.urlopen('http://127.0.0.1:@PORT@/', timeout=1).read()",
    ),
    contact(
        "asyncio",
        "the library's event loop",
        """
        import asyncio
        async def call():
            reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", @PORT@), 1)
            writer.write(b"x")
            await writer.drain()
        asyncio.run(call())
        return True
        """,
    ),
    contact(
        "abstract",
        "a socket whose name is no file",
        "socket.socket(socket.AF_UNIX).connect('\\0@ABSTRACT@')\nreturn True",
    ),
    contact(
        "abstract-datagram",
        "the same, as datagrams",
        "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', '\\0@ABSTRACT@-d')\nreturn True",
    ),
    contact(
        "file-socket",
        "a socket that is a file",
        "socket.socket(socket.AF_UNIX).connect('@CANARY_SOCKET@')\nreturn True",
    ),
    contact(
        "file-socket-by-link",
        "the same by a link of its own",
        "os.symlink('@CANARY_SOCKET@', 'door')\nsocket.socket(socket.AF_UNIX).connect('door')\nreturn True",
    ),
    contact(
        "known-sockets",
        "sockets that lead to the machine's services",
        """
        worked = False
        for path in "run/docker.sock run/dbus/system_bus_socket run/systemd/private dev/log run/nscd/socket".split():
            try:
                socket.socket(socket.AF_UNIX).connect("/" + path)
                worked = True
            except OSError:
                continue
        return worked
        """,
    ),
    contact(
        "listen",
        "a port that others could call",
        """
        own = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        own.bind(("127.0.0.1", @FREE_PORT@))
        own.listen()
        import time
        time.sleep(0.5)
        return False  # the laboratory calls
        """,
    ),
    contact(
        "raw",
        "packets of its own making",
        "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)\nreturn True",
    ),
    contact("packet", "all packets of the machine", "socket.socket(17, socket.SOCK_RAW, 3)\nreturn True"),
    contact(
        "netlink", "the interfaces of the machine", "return [name for _, name in socket.if_nameindex() if name != 'lo']"
    ),
    contact(
        "netlink-events",
        "the kernel's events",
        """
        own = socket.socket(16, socket.SOCK_RAW, 15)
        own.bind((0, 1))
        return True
        """,
    ),
    contact(
        "vsock",
        "the host of a virtual machine",
        """
        peer = socket.socket(40, socket.SOCK_STREAM)
        peer.settimeout(0.5)
        peer.connect((2, 1024))
        return True
        """,
    ),
    contact(
        "vsock-number", "the machine's number, as its host knows it", "return os.open('/dev/vsock', os.O_RDONLY) >= 0"
    ),
    contact(
        "kernel-crypto",
        "a socket into the kernel's ciphers",
        "socket.socket(38, socket.SOCK_SEQPACKET).bind(('hash', 'sha256'))\nreturn True",
    ),
    contact("names", "the name server", "return socket.gethostbyname('example.com')"),
    contact(
        "name-of-this-machine",
        "an address other than its own",
        "return not socket.gethostbyname(socket.gethostname()).startswith('127.')",
    ),
    attempt(
        "tcp-in-c",
        "past Python's own checks",
        """
        port = @PORT@
        peer = libc.socket(2, 1, 0)
        address = bytes([2, 0, port >> 8, port & 255, 127, 0, 0, 1]) + bytes(8)
        return peer >= 0 and libc.connect(peer, address, 16) == 0
        """,
        before=SYSCALL,
    ),
    attempt(
        "tcp-in-a-thread",
        "by a thread, to which a filter set for a thread may not apply",
        """
        done = []
        def call():
            try:
                done.append(socket.create_connection(("127.0.0.1", @PORT@), 1))
            except OSError:
                pass
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        return done
        """,
        before="import socket, threading",
    ),
    attempt(
        "tcp-in-a-child",
        "by a child",
        """
        if os.fork() == 0:
            try:
                socket.create_connection(("127.0.0.1", @PORT@), 1)
            finally:
                os._exit(0)
        os.wait()
        return False  # the laboratory keeps a list
        """,
        before="import os, socket",
    ),
    attempt(
        "tcp-at-load",
        "before any call",
        "return opened",
        before="""
import socket
opened = None
try:
    opened = socket.create_connection(("127.0.0.1", @PORT@), 1)
except OSError:
    pass
""",
    ),
)

CASES: tuple[Case, ...] = (*FILES, *NETWORK)
