"""Length-prefixed messages on a stream socket, and what the processes of a worker agree on."""

import json
import socket
import struct
from typing import Any

HEAD = struct.Struct("!I")
BOX = "/scratch/box"  # the scratch folder at level namespaces
MESSAGE = 2000  # characters of an explanation for people

OFF_SCRIPT = "off script"  # the end of a program that has to be asked call by call

GRACE = 2.0  # seconds the tests may take beyond the candidate's wall limit
# How a lean interpreter starts. Without -I, which would ignore PYTHONHASHSEED; -P -s and an environment of our own
# do the same. Without `site` (-S) no .pth file runs code. -B: nothing is written beside the packages.
# no_debug_ranges: less to compile in each child, and less that a fork copies.
INTERPRETER = ("-P", "-s", "-S", "-B", "-X", "utf8", "-X", "no_debug_ranges")


def exactly(wire: socket.socket, length: int) -> bytes:
    """`length` bytes. Raises `OSError` when the other end is gone."""
    parts = []
    while length:
        part = wire.recv(min(length, 1 << 20))
        if not part:
            raise ConnectionResetError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def receive(wire: socket.socket) -> Any:
    """A message between two of our own processes. Raises `OSError` when the other is gone."""
    (length,) = HEAD.unpack(exactly(wire, HEAD.size))
    return json.loads(exactly(wire, length))


def send(wire: socket.socket, message: Any) -> None:
    """A message between two of our own processes. Raises `OSError` when the other is gone."""
    data = json.dumps(message).encode()
    wire.sendall(HEAD.pack(len(data)) + data)
