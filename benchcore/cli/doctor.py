"""`benchcore doctor`: what works on this machine, and why."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchcore.cli.output import only_results, print_json

UNCONFINED = "process"  # the level of isolation that isolates nothing
NO_LEVEL = "code that models wrote is NOT run here: no level of isolation works (--unsafe-code runs it unprotected)"


def doctor(*, data: Path | None = None, json: bool = False) -> int:
    """Say what is installed, which engine auto means, which isolation works and where each task's data is.

    Each level of isolation is entered, and a program in it tries what it must not be able to do.

    Parameters
    ----------
    data
        Folder with data sets; the environment variable BENCHCORE_DATA when not given.
    json
        Print one JSON document instead of text.
    """
    from benchcore import api

    with only_results() as results:  # task files are run, and may print
        found = api.doctor(data=data)
        if json:
            print_json(found, results)
            return 0
    print("installed   " + ", ".join(f"{name} {version}" for name, version in found["versions"].items()))
    if found["missing"]:
        print("missing     " + ", ".join(found["missing"]))
    print(f"engine      auto means {found['engine']['auto']}: {found['engine']['because']}")
    _print_isolation(found["isolation"])
    print(f"data        folder: {found['data_folder'] or 'none (set BENCHCORE_DATA or pass --data)'}")
    for row in found["data"]:
        print(f"  {row['task']:<18}{row['data']}")
    print(f"cache       {found['cache']}")
    return 0


def _print_isolation(isolation: Mapping[str, Any]) -> None:
    level = isolation["level"]
    print("isolation   " + (f"code that models wrote runs at level {level}" if level else NO_LEVEL))
    for name, found in isolation["levels"].items():
        held = sum(state == "held" for state in found["probes"].values())
        state = f"works: {held} of {len(found['probes'])} probes held"
        if name == UNCONFINED:
            state += "; isolates NOTHING: only with --unsafe-code, where no other level works"
        print(f"  {name:<18}{'does not work: ' + found['reason'] if found['reason'] else state}")
        if name == level:
            for layer, words in found["layers"].items():
                print(f"    {layer:<16}{words}")
