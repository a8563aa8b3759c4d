"""The most stack that a linked firmware can take, by its calls: `python tests/stack ELF FACTS…`.

Prints the bound and how it comes about. Fails when something in the program is not understood: an instruction that
does with the stack what it is not known to do, a call of which it is not known where it goes, functions that call one
another in a circle that FACTS does not list, an interrupt of which it does not say how urgent it is; and when the
memory behind the statics is too small for the stack.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from bound import Circle, deepest
from graph import Resolver, Rule, graph
from program import Program

# What the processor puts on the stack at an interrupt: 26 words with the registers for floating point, and one to
# keep the stack aligned to eight octets.
ENTRY = 27 * 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("elf", type=Path)
    parser.add_argument("facts", type=Path, nargs="+")
    parser.add_argument("--json", action="store_true", help="print the figures alone, as JSON")
    arguments = parser.parse_args()

    program = Program(arguments.elf)
    facts = together([tomllib.loads(file.read_text()) for file in arguments.facts])
    names = readable(program)
    rules = [
        Rule(re.compile(one["to"]), re.compile(one["only_from"]), re.compile(one["calls"]) if "calls" in one else None)
        for one in facts.get("callers", [])
    ]
    circles = [Circle(re.compile(one["functions"]), one["times"]) for one in facts.get("circles", [])]
    library = re.compile(facts["library"]) if "library" in facts else None
    made = graph(program, Resolver(program, library, names, rules))
    found, unlisted = deepest(made, names, circles)
    wrong = made.unknown + [f"nobody says how often these call one another: {circle}" for circle in unlisted]

    handlers = {function.name: function.start for function in program.vectors()}
    levels = [("the start and all tasks", ["Reset"])]
    levels += [(one["what"], one["handlers"]) for one in facts.get("levels", [])]
    named = {handler for _, level in levels for handler in level} | set(facts.get("never", []))
    wrong += [f"{name} is an interrupt of no level" for name in handlers if name not in named]
    wrong += [f"{name} is no interrupt of this program" for name in named if name not in handlers]
    if wrong:
        sys.exit("\n".join(wrong))

    octets = 0
    for what, level in levels:
        worst = max((found[handlers[name]] for name in level), key=lambda one: one.octets)
        taken = worst.octets + (0 if "Reset" in level else ENTRY)
        octets += taken
        if not arguments.json:
            print(f"{taken:>7,} {what}")
            for each in worst.way:
                print(f"{made.frames[each].depth:>13,} {names[each][:120]}")
    room = program.symbols["_stack_start"] - program.symbols["__sheap"]
    if octets > room:
        sys.exit(f"{octets:,} octets of stack, for which {room:,} are there")
    if arguments.json:
        print(json.dumps({"stack_octets": octets, "room_octets": room}))
    else:
        print(f"{octets:>7,} octets at the most, {room:,} are there")


def together(files: list[dict]) -> dict:
    """All facts, those of the first file first."""
    facts: dict = {}
    for file in files:
        for key, value in file.items():
            facts[key] = facts.get(key, []) + value if isinstance(value, list) else value
    return facts


def readable(program: Program) -> dict[int, str]:
    """The names as their authors wrote them, without the compiler's hashes."""
    mangled = "\n".join(function.name for function in program.functions.values())
    answer = subprocess.run(["arm-none-eabi-c++filt"], input=mangled, text=True, capture_output=True, check=True)
    clean = (re.sub(r"::h[0-9a-f]{16}$|\[[0-9a-f]{12,16}\]", "", name) for name in answer.stdout.split("\n"))
    return dict(zip(program.functions, clean, strict=False))


if __name__ == "__main__":
    main()
