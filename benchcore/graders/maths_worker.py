"""The child that asks math-verify; run by path in a fresh isolated interpreter, never imported by benchcore.

stdin holds one JSON object a line, ``{"gold": LaTeX, "answer": LaTeX}``; each is answered by one line,
``{"equal": bool}`` or ``{"failed": reason}``. The first line written is ``{"ready": true}`` or
``{"failed": reason}``. The end of stdin ends the child even in the middle of a comparison (inside one huge
integer operation: when its CPU time is used up), so it never stays behind.

Arguments: seconds a comparison may take, and a JSON list of folders to look for packages in.
"""

import json
import os
import queue
import re
import resource
import sys
import threading
import time
from collections import Counter
from typing import Any

MEMORY = 2 * 1024**3  # bytes of address space
CPU_MARGIN = 2  # seconds on top of the parent's deadline; the parent is the one that keeps time

DECIMALS = 30  # to which two values must agree; with its own six, a tiny number is any other

# What carries meaning in LaTeX; spacing, brackets and fonts are left out, since they are rewritten freely.
_MEANING = re.compile(r"\\[A-Za-z]+|[A-Za-z0-9]|[-+*/^_!<>=|&:;,]")
_LAYOUT = re.compile(
    r"\\(?:left|right|quad|qquad|displaystyle|limits|text|mbox|textbf|textrm|mathrm|mathbf|mathit|lbrace|rbrace)(?![A-Za-z])"
    r"|\\[,;:! ]|\{,\}"
)
_SPELLINGS = {"\\dfrac": "\\frac", "\\tfrac": "\\frac", "\\cfrac": "\\frac", "\\le": "\\leq", "\\ge": "\\geq"}
# What math-verify reads and then leaves out of the value: a base, the rounded side of an approximation.
_LEFT_OUT = re.compile(r"[0-9]\}?\s?_|\\approx|\\sim")


class NotWhole(Exception):
    """Not all of a formula was read."""


def main(limit: float, folders: list[str]) -> None:
    """Answer comparisons until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints must not look like an answer
    confine()
    sys.path.extend(folder for folder in folders if folder not in sys.path)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=listen, args=(lines,), daemon=True).start()
    try:
        compare("x^2", "x*x")  # imports and builds the parser's tables, so that no comparison pays for them
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
    """Whether math-verify takes two LaTeX expressions for equal. Raises `NotWhole` and whatever its parser raises.

    Its own time limits are alarm signals, deaf inside big-integer code, and are switched off.
    """
    from math_verify import verify

    one, other = read(gold), read(answer)
    cased = {each.swapcase() for each in letters(gold)} & letters(answer)
    if symbols(one) != symbols(other) or cased - letters(gold):  # its parser does not look at the case
        return {"equal": False}
    equal: bool = verify(
        one,
        other,
        float_rounding=DECIMALS,
        numeric_precision=2 * DECIMALS,
        allow_set_relation_comp=True,
        timeout_seconds=None,
        raise_on_error=True,
    )
    return {"equal": equal and close(one, other)}


def close(one: Any, other: Any) -> bool:
    """False for two numbers that only look equal because both are tiny: they must agree relative to their size."""
    if not (getattr(one, "is_number", False) and getattr(other, "is_number", False)):
        return True
    difference = abs((one - other).doit().evalf(2 * DECIMALS))
    return bool(difference <= abs(one.doit().evalf(2 * DECIMALS)) / 10**DECIMALS)


def read(latex: str) -> Any:
    """What math-verify's grammar makes of a formula.

    The grammar ends in the end of its input and its errors are raised, so it takes all of the normalised text or
    nothing; and the normalisation must have kept everything that carries meaning.
    """
    from latex2sympy2_extended.latex2sympy2 import NormalizationConfig, latex2sympy, normalize_latex
    from math_verify.grader import should_treat_as_complex

    kept = NormalizationConfig(
        basic_latex=True, units=False, malformed_operators=True, nits=False, boxed="none", equations=False
    )
    normal = normalize_latex(latex, kept)
    if _LEFT_OUT.search(latex) or meaning(normal) != meaning(latex):
        raise NotWhole
    is_real = not should_treat_as_complex(normal)
    return latex2sympy(normal, is_real=is_real, convert_degrees=False, normalization_config=None)


def meaning(latex: str) -> Counter[str]:
    """How often each digit, letter, command and operator occurs."""
    return Counter(_SPELLINGS.get(token, token) for token in _MEANING.findall(_LAYOUT.sub("", latex)))


def symbols(value: Any) -> set[str]:
    """The names of the variables that a value depends on."""
    return {str(symbol) for symbol in value.free_symbols}


def letters(latex: str) -> set[str]:
    """The letters of a formula that are not part of a command."""
    return {token for token in meaning(latex) if token.isalpha()}


if __name__ == "__main__":
    main(float(sys.argv[1]), json.loads(sys.argv[2]))
