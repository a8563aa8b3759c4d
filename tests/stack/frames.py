"""How deep each function takes the stack by itself, at each of its calls."""

import re
from dataclasses import dataclass, field

from program import Function, Instruction, Program

WORD, DOUBLE = 4, 8
ADDS, SUBTRACTS = ("add", "adds", "addw"), ("sub", "subs", "subw")
# What a call may change.
SCRATCH = ("r0", "r1", "r2", "r3", "ip", "lr")


@dataclass
class Call:
    """A call, or a jump into another function, with what the caller has on the stack there."""

    address: int
    depth: int
    target: int | None
    register: str = ""


@dataclass
class Frame:
    """What a function does with the stack."""

    depth: int = 0
    calls: list[Call] = field(default_factory=list)


class Unreadable(Exception):
    """An instruction that does with the stack what is not understood here."""


@dataclass(frozen=True)
class State:
    """Octets on the stack, and which registers hold an address in it: how many octets lay below that."""

    depth: int
    held: tuple[tuple[str, int], ...] = ()


def frame(program: Program, function: Function) -> Frame:
    """Follows every way through a function."""
    found = Frame()
    calls: dict[int, Call] = {}
    states: dict[int, State] = {}
    waiting = [(function.start, State(0))]
    while waiting:
        address, state = waiting.pop()
        known = states.get(address)
        if known and (known.depth > state.depth or known == state):
            continue
        if known and known.depth == state.depth:
            # Two ways meet: only what both say of a register is known.
            held = tuple(sorted(set(known.held) & set(state.held)))
            if held == known.held:
                continue
            state = State(state.depth, held)
        instruction = function.instructions.get(address)
        if instruction is None:
            # Behind a call that does not return.
            continue
        if state.depth > 1 << 20:
            raise Unreadable(f"{function.name} grows in a loop")
        states[address] = state
        after = moved(instruction, state)
        found.depth = max(found.depth, state.depth, after.depth)
        for call in called(program, function, instruction, state):
            if address not in calls or calls[address].depth < call.depth:
                calls[address] = call
        for successor in successors(program, function, instruction):
            falls = successor == address + instruction.size
            leaves = instruction.condition and takes_pc(instruction)
            waiting.append((successor, state if falls and leaves else after))
    found.calls = list(calls.values())
    return found


def moved(instruction: Instruction, state: State) -> State:
    """The state after an instruction."""
    if (octets := growth(instruction)) is not None:
        held = state.held if octets > 0 else noted(instruction, state)
        return State(state.depth + octets, held)
    if instruction.operands.split(",")[0].strip() == "sp" and writes(instruction):
        return State(restored(instruction, state), state.held)
    return State(state.depth, noted(instruction, state))


def growth(instruction: Instruction) -> int | None:
    """By how many octets an instruction deepens the stack; `None` if it does not by a number that stands in it."""
    name, text = instruction.name, instruction.operands
    if name in ("push", "vpush") or name in ("stmdb", "vstmdb") and text.startswith("sp!"):
        return listed(text)
    if name in ("pop", "vpop") or name in ("ldm", "ldmia", "vldmia") and text.startswith("sp!"):
        return -listed(text)
    if text.startswith("sp!"):
        raise Unreadable(f"{instruction.mnemonic} {text}")
    if step := re.search(r"\[sp, #(-?(?:0x)?[0-9a-f]+)\]!|\[sp\], #(-?(?:0x)?[0-9a-f]+)$", text):
        return -number(step[1] or step[2])
    if step := re.fullmatch(r"sp, (?:sp, )?#(\S+)", text):
        if name in ("sub", "subw"):
            return number(step[1])
        if name in ("add", "addw"):
            return -number(step[1])
    return None


def restored(instruction: Instruction, state: State) -> int:
    """The depth after the stack pointer was taken from a register."""
    name, text, held = instruction.name, instruction.operands, dict(state.held)
    if name == "mov" and (source := text.split(",")[1].strip()) in held:
        return held[source]
    if name == "sub" and (place := re.fullmatch(r"sp, (r\d+), #(\S+)", text)) and place[1] in held:
        return held[place[1]] + number(place[2])
    raise Unreadable(f"{instruction.mnemonic} {text}")


def noted(instruction: Instruction, state: State) -> tuple[tuple[str, int], ...]:
    """Which registers hold an address in the stack after an instruction."""
    name, text, held = instruction.name, instruction.operands, dict(state.held)
    first = text.split(",")[0].strip()
    depth = None
    if name == "mov" and text.endswith(", sp"):
        depth = state.depth
    elif name in ("add", "addw") and (place := re.fullmatch(r"\w+, sp, #(\S+)", text)):
        depth = state.depth - number(place[1])
    elif name in ADDS + SUBTRACTS and (place := re.fullmatch(r"(\w+), (?:(\w+), )?#(\S+)", text)):
        step = number(place[3]) if name in SUBTRACTS else -number(place[3])
        source = place[2] or place[1]
        depth = held[source] + step if source in held else None
    elif name == "bfc" and first in held and (place := re.fullmatch(r"\w+, #0, #(\d+)", text)):
        depth = held[first] + (1 << int(place[1])) - 1
    lost = {first} if writes(instruction) else set()
    if name in ("bl", "blx"):
        lost = set(SCRATCH)
    elif name in ("ldrd", "umull", "smull", "umlal", "smlal"):
        lost = {part.strip() for part in text.split(",")[:2]}
    elif "{" in text and name not in ("push", "vpush", "stm", "stmdb", "vstmdb", "vstmia"):
        lost = set(held) if "-" in text else set(re.findall(r"\w+", text))
    kept = {register: place for register, place in held.items() if register not in lost}
    if depth is not None:
        kept[first] = depth
    return tuple(sorted(kept.items()))


def writes(instruction: Instruction) -> bool:
    """Whether an instruction writes its first operand, and nothing in front of a list."""
    name = instruction.name
    if name in ("b", "bl", "bx", "blx", "bkpt", "cbz", "cbnz") or "{" in instruction.operands:
        return False
    return not name.startswith(("str", "cmp", "cmn", "tst", "teq", "vstr", "it"))


def listed(text: str) -> int:
    """Octets of the registers in a list."""
    octets = 0
    for item in re.search(r"\{(.*)\}", text)[1].split(","):
        item = item.strip()
        size = DOUBLE if item.startswith("d") else WORD
        if span := re.fullmatch(r"[rsd](\d+)-[rsd](\d+)", item):
            octets += size * (int(span[2]) - int(span[1]) + 1)
        elif "-" in item:
            raise Unreadable(text)
        else:
            octets += size
    return octets


def number(text: str) -> int:
    return int(text, 0)


def takes_pc(instruction: Instruction) -> bool:
    """Whether it writes the program counter, other than by a branch to a known place."""
    name, text = instruction.name, instruction.operands
    if name in ("pop", "ldm", "ldmia"):
        return bool(re.search(r"\bpc\b", text))
    return name == "bx" or bool(re.match(r"pc\b", text)) or name in ("tbb", "tbh")


def successors(program: Program, function: Function, instruction: Instruction) -> list[int]:
    """Where the program may go on within the function."""
    name, text = instruction.name, instruction.operands
    following = [instruction.address + instruction.size]
    if name in ("cbz", "cbnz"):
        return [*following, target(text)]
    if name == "b":
        there = [target(text)] if target(text) in function else []
        return there + (following if instruction.condition else [])
    if name in ("tbb", "tbh"):
        return table(program, function, instruction)
    if name == "ldr" and (place := re.fullmatch(r"pc, \[(\w+), \w+, lsl #2\]", text)):
        return words(program, function, instruction, place[1])
    if name == "udf":
        return []
    if name == "mov" and text.startswith("pc, "):
        return branches(function, following[0])
    if takes_pc(instruction):
        if not returns(instruction):
            raise Unreadable(f"{instruction.mnemonic} {text}")
        return following if instruction.condition else []
    return following


def returns(instruction: Instruction) -> bool:
    """Whether what it writes into the program counter is a return, or a jump that counts as a call."""
    name, text = instruction.name, instruction.operands
    return name in ("bx", "pop", "ldm", "ldmia") or name == "ldr" and text.startswith("pc, [sp], #")


def table(program: Program, function: Function, instruction: Instruction) -> list[int]:
    """The branches of a table behind a `tbb` or `tbh`."""
    start = instruction.address + 4
    size = 1 if instruction.name == "tbb" else 2
    end = next(end for first, end in program.pieces(function, "d") if first <= start < end)
    octets = program.octets(start, end - start)
    entries = (octets[at : at + size] for at in range(0, len(octets) - size + 1, size))
    return [place for entry in entries if (place := start + 2 * int.from_bytes(entry, "little")) in function]


def words(program: Program, function: Function, instruction: Instruction, register: str) -> list[int]:
    """The branches of a table of addresses, which a literal before the jump points to."""
    before = (at for at in range(instruction.address - 2, function.start - 2, -2))
    load = next(
        found for at in before if (found := function.instructions.get(at)) and found.operands.startswith(register)
    )
    if load.name == "adr":
        start = (load.address + 4 & ~3) + number(load.operands.split("#")[1])
    else:
        raise Unreadable(f"{load.mnemonic} {load.operands}")
    places = []
    while (word := program.word(start)) is not None and word & ~1 in function:
        places.append(word & ~1)
        start += WORD
    return places


def branches(function: Function, address: int) -> list[int]:
    """The branches that follow a computed jump into them."""
    places = []
    while (found := function.instructions.get(address)) and found.name == "b" and not found.condition:
        places.append(address)
        address += found.size
    return places


def target(text: str) -> int:
    return number(text.split("#")[-1])


def called(program: Program, function: Function, instruction: Instruction, state: State) -> list[Call]:
    """What an instruction calls."""
    name, text, address = instruction.name, instruction.operands, instruction.address
    if name == "bl" or name == "b" and target(text) not in function:
        return [Call(address, state.depth, target(text))]
    if name == "blx":
        return [Call(address, state.depth, None, text)]
    if name == "bx" and text != "lr":
        return [Call(address, state.depth, None, text)]
    return []
