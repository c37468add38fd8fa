"""`benchcore doctor`: what works on this machine, and why."""

from pathlib import Path

from benchcore.cli.output import only_results, print_json


def doctor(*, data: Path | None = None, json: bool = False) -> int:
    """Say what is installed, which engine auto means, which isolation works and where each task's data is.

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
    isolation = found["isolation"]
    print(f"isolation   for code that models wrote: {isolation['level'] or 'NONE that is safe'}")
    for name, level in isolation["levels"].items():
        held = sum(state == "held" for state in level["probes"].values())
        state = f"{held} of {len(level['probes'])} attempts to break out were held" if held else "does not work"
        print(f"  {name:<18}{'does not work: ' + level['reason'] if level['reason'] else state}")
        if name == isolation["level"]:
            for layer, words in level["layers"].items():
                print(f"    {layer:<16}{words}")
    print(f"data        folder: {found['data_folder'] or 'none (set BENCHCORE_DATA or pass --data)'}")
    for row in found["data"]:
        print(f"  {row['task']:<18}{row['data']}")
    print(f"cache       {found['cache']}")
    return 0
