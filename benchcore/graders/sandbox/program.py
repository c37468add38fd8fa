"""A program to grade: what is run apart, and what decides."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An untrusted module and the tests that judge it; the two never share a process.

    `source` is the module that the model wrote. `tests` is trusted code; it runs elsewhere and sees of the
    module only `exports`: functions, classes or plain values, by name. `helpers` is trusted code that runs
    before the tests, in their namespace (imports, functions that the prompt gives).
    """

    source: str
    tests: str
    exports: tuple[str, ...]
    helpers: str = ""
