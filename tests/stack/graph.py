"""Who calls whom, and with how much on the stack."""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from flows import Flows
from frames import Frame, Unreadable, frame, number, target
from origins import Constant, Loaded, Origins
from program import Function, Program

# No value behind a table of methods is as large.
SMALL = 0x10000
HEADER = 12


@dataclass
class Rule:
    """Who alone calls some functions whose address is taken; `calls` tells them apart by what they call."""

    to: re.Pattern[str]
    only_from: re.Pattern[str]
    calls: re.Pattern[str] | None = None


@dataclass
class Graph:
    """The calls of a program: by caller, the callee and the deepest that the caller is at such a call."""

    program: Program
    frames: dict[int, Frame]
    calls: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    unknown: list[str] = field(default_factory=list)

    def add(self, caller: Function, callee: int, depth: int) -> None:
        known = self.calls[caller.start].get(callee, 0)
        self.calls[caller.start][callee] = max(known, depth)


class Resolver:
    """Finds what calls through registers may reach."""

    def __init__(self, program: Program, library: re.Pattern[str] | None, names: dict[int, str], rules: list[Rule]):
        self.program, self.names, self.rules = program, names, rules
        self.library = {
            start for start, function in program.functions.items() if library and library.match(function.name)
        }
        self.pointers = {
            at: one for at, one in program.pointers().items() if one.start not in self.library and one.name != "Reset"
        }
        others = [one for one in program.functions.values() if one.start not in self.library]
        self.taken = taken(program, others)
        self.flows = Flows(program, [program.functions[start] for start in self.library], others)

    def candidates(self, caller: Function, address: int, register: str) -> set[int]:
        """The functions that a call may reach, empty when it is not known."""
        if caller.start in self.library:
            found = self.flows.candidates(caller, address, register)
            if not found:
                found = self.flows.unfollowed(caller, address, register)
                found |= {start for start in self.taken if self.allows(caller, start, handed=True)}
            return found
        found = set()
        for origin in Origins(self.program, caller).of(address, register):
            if isinstance(origin, Constant) and origin.value & ~1 in self.program.functions:
                found.add(origin.value & ~1)
                continue
            offset = origin.offset if isinstance(origin, Loaded) else None
            found |= {one.start for at, one in self.pointers.items() if self.in_table(at, offset)}
            found |= self.taken
        return {start for start in found if self.allows(caller, start)}

    def in_table(self, at: int, offset: int | None) -> bool:
        """Whether an address is so far behind the beginning of a table of methods."""
        if offset is None:
            return True
        start = at - offset
        if self.has_header(start):
            return offset == 0 or all(place in self.pointers for place in range(start + HEADER, at, 4))
        # A table of functions alone, as a waker has one: it begins where no other address is before it.
        alone = start - 4 not in self.pointers and not self.has_header(start - HEADER)
        return alone and all(place in self.pointers for place in range(start, at, 4))

    def has_header(self, start: int) -> bool:
        """Whether a table of methods begins here: what drops the value, its size and its alignment."""
        drop, size, align = (self.program.word(start + step) for step in (0, 4, 8))
        return (drop == 0 or start in self.pointers) and size is not None and size < SMALL and align in (1, 2, 4, 8, 16)

    def allows(self, caller: Function, callee: int, handed: bool = False) -> bool:
        """Whether the rules let one call the other; `handed`: only if a rule says so."""
        for rule in self.rules:
            if rule.to.search(self.names[callee]) and (rule.calls is None or self.does_call(callee, rule.calls)):
                return bool(rule.only_from.search(self.names[caller.start]))
        return not handed

    def does_call(self, caller: int, names: re.Pattern[str]) -> bool:
        """Whether a function calls one with such a name, by its name."""
        function = self.program.functions[caller]
        targets = (
            self.program.at(target(instruction.operands))
            for instruction in function.instructions.values()
            if instruction.name == "bl"
        )
        return any(callee and names.search(self.names[callee.start]) for callee in targets)


def taken(program: Program, functions: list[Function]) -> set[int]:
    """The functions whose addresses stand in instructions or behind them."""
    found = set()
    for function in functions:
        low: dict[str, int] = {}
        for instruction in function.instructions.values():
            value = None
            place = re.fullmatch(r"(\w+), (?:\[pc, )?#([^\]]+)\]?", instruction.operands)
            if place and instruction.name in ("movw", "mov", "movs"):
                low[place[1]] = number(place[2])
            elif place and instruction.name == "movt" and place[1] in low:
                value = low[place[1]] | number(place[2]) << 16
            elif place and "[pc" in instruction.operands and instruction.name == "ldr":
                value = program.word((instruction.address + 4 & ~3) + number(place[2]))
            elif place and instruction.name == "adr":
                value = (instruction.address + 4 & ~3) + number(place[2])
            if value and value & 1 and value & ~1 in program.functions:
                found.add(value & ~1)
    return found


def graph(program: Program, resolver: Resolver) -> Graph:
    """Follows every call of every function."""
    frames = {}
    for start, function in program.functions.items():
        try:
            frames[start] = frame(program, function)
        except Unreadable as unreadable:
            raise SystemExit(f"{resolver.names[start]}: {unreadable} is not understood") from unreadable
    made = Graph(program, frames)
    for start, function in program.functions.items():
        for call in frames[start].calls:
            if call.target is not None:
                callee = program.at(call.target)
                if callee is None:
                    made.unknown.append(f"{resolver.names[start]} calls {call.target:#x}, where no function is")
                elif callee.start != start or call.target == start:
                    made.add(function, callee.start, call.depth)
                continue
            candidates = resolver.candidates(function, call.address, call.register)
            if not candidates:
                made.unknown.append(f"{resolver.names[start]} calls at {call.address:#x} what is not known")
            for callee in candidates:
                made.add(function, callee, call.depth)
    return made
