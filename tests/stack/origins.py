"""Where the address in a register comes from."""

import re
from collections import defaultdict
from dataclasses import dataclass

from frames import SCRATCH, number, successors, writes
from program import Function, Instruction, Program


@dataclass(frozen=True)
class Constant:
    """A number in the program."""

    value: int


@dataclass(frozen=True)
class Loaded:
    """Read from memory, so far behind another origin."""

    base: "Origin"
    offset: int


@dataclass(frozen=True)
class Given:
    """An argument of the function, what a call returned, or what is computed."""

    how: str


Origin = Constant | Loaded | Given
DEPTH = 4


class Origins:
    """The origins within one function."""

    def __init__(self, program: Program, function: Function) -> None:
        self.program, self.function = program, function
        self.before: dict[int, list[int]] = defaultdict(list)
        for instruction in function.instructions.values():
            for following in successors(program, function, instruction):
                self.before[following].append(instruction.address)

    def of(self, address: int, register: str, depth: int = DEPTH) -> set[Origin]:
        """All that a register may hold before the instruction at an address."""
        found: set[Origin] = set()
        seen = {address}
        waiting = [address]
        while waiting:
            place = waiting.pop()
            if place == self.function.start:
                found.add(Given(f"argument {register}"))
            for before in self.before[place]:
                if before in seen:
                    continue
                seen.add(before)
                origins = self.written(self.function.instructions[before], register, depth)
                if origins is None:
                    waiting.append(before)
                else:
                    found |= origins
                    if self.function.instructions[before].condition:
                        waiting.append(before)
        return found

    def written(self, instruction: Instruction, register: str, depth: int) -> set[Origin] | None:
        """What an instruction writes into a register; `None` if nothing."""
        name, text = instruction.name, instruction.operands
        if name in ("bl", "blx") and register in SCRATCH:
            return {Given("a call")}
        is_list = "{" in text and not name.startswith(("push", "stm", "vpush", "vst"))
        if not writes(instruction) and not is_list:
            written_back = re.search(rf"\[{register}(, .*)?\]!|\[{register}\], ", text)
            return {Given("stepped")} if written_back else None
        if name in ("ldrd", "umull", "smull", "umlal", "smlal", "pop") or is_list:
            return self.several(instruction, register, depth)
        if text.split(",")[0].strip() != register:
            return {Given("stepped")} if re.search(rf"\[{register}(, .*)?\]!|\[{register}\], ", text) else None
        if depth == 0:
            return {Given("far away")}
        if place := re.fullmatch(r"\w+, \[pc, #(\S+)\]", text):
            word = self.program.word((instruction.address + 4 & ~3) + number(place[1]))
            return {Constant(word)} if name == "ldr" else {Given("an octet")}
        if name == "ldr" and (place := re.fullmatch(r"\w+, \[(\w+)(?:, #(\S+))?\]", text)):
            if place[1] == "sp":
                return {Given("the stack")}
            bases = self.of(instruction.address, place[1], depth - 1)
            return {Loaded(base, number(place[2] or "0")) for base in bases}
        if name == "mov" and (place := re.fullmatch(r"\w+, (r\d+|ip|lr|sb|sl|fp)", text)):
            return self.of(instruction.address, place[1], depth)
        if name in ("movs", "movw", "mov") and (place := re.fullmatch(r"\w+, #(\S+)", text)):
            return {Constant(number(place[1]))}
        if name == "movt":
            high = number(text.split("#")[1]) << 16
            low = self.of(instruction.address, register, depth)
            return {Constant(high | one.value) if isinstance(one, Constant) else one for one in low}
        if name in ("add", "adds", "addw") and (place := re.fullmatch(r"(\w+), (?:(\w+), )?#(\S+)", text)):
            bases = self.of(instruction.address, place[2] or place[1], depth - 1)
            step = number(place[3])
            return {Constant(one.value + step) if isinstance(one, Constant) else Given("computed") for one in bases}
        return {Given(f"{name}")}

    def several(self, instruction: Instruction, register: str, depth: int) -> set[Origin] | None:
        """The same for an instruction that writes more than one."""
        name, text = instruction.name, instruction.operands
        if name == "ldrd" and (place := re.fullmatch(r"(\w+), (\w+), \[(\w+)(?:, #(\S+))?\]", text)):
            if register not in place.groups()[:2]:
                return None
            if place[3] == "sp" or depth == 0:
                return {Given("the stack")}
            offset = number(place[4] or "0") + (4 if place[2] == register else 0)
            return {Loaded(base, offset) for base in self.of(instruction.address, place[3], depth - 1)}
        if "{" in text:
            names = text[text.index("{") :]
            spans = re.findall(r"r(\d+)-r(\d+)", names)
            inside = re.search(rf"\b{register}\b", names) or any(
                register[1:].isdigit() and int(low) <= int(register[1:]) <= int(high) for low, high in spans
            )
            stepped = text.startswith(f"{register}!")
            return {Given(name)} if inside or stepped else None
        head = [part.strip() for part in text.split(",")[:2]]
        return {Given(name)} if register in head else None
