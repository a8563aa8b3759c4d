"""Which functions a library without source may reach through addresses that it keeps in memory.

Every function whose address such code has in a literal is followed: into memory at an offset, or into an argument of
a call and from there on. A call through memory may reach whatever was stored at its offset. What cannot be followed
may be reached from everywhere.
"""

import re
from collections import defaultdict

from frames import number, target
from origins import Constant, Given, Loaded, Origin, Origins
from program import Function, Program

ARGUMENTS = ("r0", "r1", "r2", "r3")
Place = tuple[str, int | str]


class Flows:
    """Addresses of functions on their ways through some of the program's functions."""

    def __init__(self, program: Program, functions: list[Function], callers: list[Function]) -> None:
        self.program = program
        self.names = {function.start for function in functions}
        self.origins: dict[int, Origins] = {}
        self.reached: dict[Place, set[int]] = defaultdict(set)
        self.ways: dict[Place, set[Place]] = defaultdict(set)
        self.everywhere: set[int] = set()
        for at, function in program.pointers().items():
            if function.start in self.names:
                self.reached["memory", at].add(function.start)
                self.everywhere.add(function.start)
        for function in functions:
            self.follow(function)
        for function in callers:
            self.hand_over(function)
        self.spread()

    def candidates(self, function: Function, address: int, register: str) -> set[int]:
        """The functions that a call through a register may reach."""
        found: set[int] = set()
        for origin in self.origin(function).of(address, register):
            if (value := self.constant(origin)) is not None:
                found.add(value)
            for place in self.places(function, origin):
                found |= self.reached[place]
        return found

    def unfollowed(self, function: Function, address: int, register: str) -> set[int]:
        """What a call may reach of which no address is known to be where it looks."""
        found = set(self.everywhere)
        for origin in self.origin(function).of(address, register):
            if isinstance(origin, Loaded):
                found |= self.reached[("offset", origin.offset)]
        return found

    def origin(self, function: Function) -> Origins:
        if function.start not in self.origins:
            self.origins[function.start] = Origins(self.program, function)
        return self.origins[function.start]

    def constant(self, origin: Origin) -> int | None:
        """The function that a constant is the address of."""
        value = origin.value if isinstance(origin, Constant) else None
        return value & ~1 if value and value & 1 and value & ~1 in self.program.functions else None

    def places(self, function: Function, origin: Origin) -> list[Place]:
        """Where a value may have been read from."""
        if isinstance(origin, Loaded):
            if isinstance(origin.base, Constant):
                return [("memory", origin.base.value + origin.offset)]
            return [("offset", origin.offset)]
        if isinstance(origin, Given) and origin.how.startswith("argument "):
            return [(f"argument of {function.start:#x}", origin.how.split()[1])]
        return []

    def follow(self, function: Function) -> None:
        """Notes what a function does with addresses of functions."""
        origins = self.origin(function)
        taken: set[int] = set()
        for instruction in function.instructions.values():
            name, text, address = instruction.name, instruction.operands, instruction.address
            if literal := re.fullmatch(r"(\w+), \[pc, #(\S+)\]", text):
                word = self.program.word((address + 4 & ~3) + number(literal[2]))
                if word and (value := self.constant(Constant(word))) is not None:
                    taken.add(value)
            if name == "str" and (store := re.fullmatch(r"(\w+), \[(\w+)(?:, #(\S+))?\]!?", text)):
                self.store(function, address, store[1], store[2], number(store[3] or "0"), taken)
            if name == "strd" and (store := re.fullmatch(r"(\w+), (\w+), \[(\w+)(?:, #(\S+))?\]!?", text)):
                offset = number(store[4] or "0")
                self.store(function, address, store[1], store[3], offset, taken)
                self.store(function, address, store[2], store[3], offset + 4, taken)
            if name in ("bl", "b") and text.startswith("#") and target(text) not in function:
                for register in ARGUMENTS:
                    there = (f"argument of {target(text):#x}", register)
                    self.move(function, origins.of(address, register), [there], taken)
            if name == "blx" or name == "bx" and text != "lr":
                for origin in origins.of(address, text):
                    taken.discard(self.constant(origin))
        self.everywhere |= taken

    def hand_over(self, function: Function) -> None:
        """Notes what is handed to the library by a function that is not of it."""
        for instruction in function.instructions.values():
            name, text = instruction.name, instruction.operands
            if name in ("bl", "b") and text.startswith("#") and target(text) in self.names:
                for register in ARGUMENTS:
                    there = (f"argument of {target(text):#x}", register)
                    self.move(function, self.origin(function).of(instruction.address, register), [there], set())

    def store(self, function: Function, address: int, register: str, base: str, offset: int, taken: set[int]) -> None:
        origins = self.origin(function)
        places: list[Place] = []
        for origin in origins.of(address, base):
            if isinstance(origin, Constant):
                places.append(("memory", origin.value + offset))
            else:
                places.append(("offset", offset))
        self.move(function, origins.of(address, register), places, taken)

    def move(self, function: Function, origins: set[Origin], places: list[Place], taken: set[int]) -> None:
        """A value goes into places."""
        for origin in origins:
            if (value := self.constant(origin)) is not None:
                taken.discard(value)
                for place in places:
                    self.reached[place].add(value)
            for source in self.places(function, origin):
                if source[0] != "offset":
                    self.ways[source] |= set(places)

    def spread(self) -> None:
        """Carries addresses on until nothing is new."""
        waiting = list(self.reached)
        while waiting:
            source = waiting.pop()
            for place in self.ways[source]:
                new = self.reached[source] - self.reached[place]
                if new:
                    self.reached[place] |= new
                    waiting.append(place)
