"""The child that asks math-verify; run by path in a fresh isolated interpreter, never imported by benchcore.

stdin holds one JSON object a line, ``{"gold": LaTeX, "answer": LaTeX}``; each is answered by one line,
``{"equal": bool, "gold_parsed": bool, "answer_parsed": bool}`` or ``{"failed": reason}``. The first line
written is ``{"ready": true}`` or ``{"failed": reason}``. The end of stdin ends the child even in the middle
of a comparison (inside one huge integer operation: when its CPU time is used up), so it never stays behind.

Arguments: seconds a comparison may take, and a JSON list of folders to look for packages in.
"""

import json
import os
import queue
import resource
import sys
import threading
import time
from typing import Any

MEMORY = 2 * 1024**3  # bytes of address space
CPU_MARGIN = 5  # seconds on top of the parent's deadline; the parent is the one that keeps time


def main(limit: float, folders: list[str]) -> None:
    """Answer comparisons until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints must not look like an answer
    confine()
    sys.path.extend(folder for folder in folders if folder not in sys.path)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=listen, args=(lines,), daemon=True).start()
    try:
        compare("$x$", "$1$")  # imports and builds the parser's tables, so that no comparison pays for them
    except Exception as error:  # noqa: BLE001  # whatever is wrong with the installation, the parent must hear it
        print(json.dumps({"failed": f"{type(error).__name__}: {error}"}), file=answers)
        return
    print(json.dumps({"ready": True}), file=answers)
    while True:
        asked = json.loads(lines.get())
        allow_cpu(limit)
        try:
            found = compare(asked["gold"], asked["answer"])
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the answer is untrusted: any error is a finding about it
            found = {"failed": type(error).__name__}
        print(json.dumps(found), file=answers)


def confine() -> None:
    """No core file, no file content, and a bound on memory: a runaway answer ends here, not in the machine."""
    for kind, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_AS, MEMORY)):
        hard = resource.getrlimit(kind)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (bound, bound))
        except (ValueError, OSError):  # macOS refuses some; the parent's deadline still holds
            continue


def allow_cpu(seconds: float) -> None:
    """Let this process use `seconds` more of CPU time: the backstop should the parent's clock fail."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    until = int(time.process_time() + seconds) + CPU_MARGIN
    resource.setrlimit(resource.RLIMIT_CPU, (until if hard == resource.RLIM_INFINITY else min(until, hard), hard))


def listen(lines: "queue.SimpleQueue[str]") -> None:
    """Pass on what the parent asks; end the process when the parent is gone."""
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


def compare(gold: str, answer: str) -> dict[str, Any]:
    """Whether math-verify takes two LaTeX expressions for equal, and which of them it could parse.

    Its own time limits are alarm signals, deaf inside big-integer code, and are switched off. Each side is
    one whole formula: no part of one that does not parse may stand for it.
    """
    from math_verify import LatexExtractionConfig, parse, verify

    def read(latex: str) -> list[Any]:
        formula = [LatexExtractionConfig(boxed_match_priority=-1)]
        return list(parse(f"${latex}$", formula, fallback_mode="no_fallback", parsing_timeout=None))

    golds, answers = read(gold), read(answer)
    equal = bool(golds and answers) and verify(
        golds, answers, allow_set_relation_comp=True, timeout_seconds=None, raise_on_error=True
    )
    return {"equal": equal, "gold_parsed": bool(golds), "answer_parsed": bool(answers)}


if __name__ == "__main__":
    main(float(sys.argv[1]), json.loads(sys.argv[2]))
