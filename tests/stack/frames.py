"""How deep each function takes the stack by itself, at each of its calls."""

import re
from dataclasses import dataclass, field

from program import Function, Instruction, Program

WORD, DOUBLE = 4, 8


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
        after = moved(program, instruction, state)
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


def moved(program: Program, instruction: Instruction, state: State) -> State:
    """The state after an instruction."""
    name, text = instruction.name, instruction.operands
    held = dict(state.held)
    if name in ("push", "vpush"):
        return State(state.depth + listed(text), state.held)
    if name in ("pop", "vpop"):
        return less(state, listed(text), text)
    first = text.split(",")[0].strip()
    if re.search(r"\[sp, #-?(0x)?[0-9a-f]+\]!", text):
        step = number(re.search(r"#(-?(?:0x)?[0-9a-f]+)\]!", text)[1])
        return State(state.depth - step, state.held)
    if step := re.search(r"\[sp\], #(-?(?:0x)?[0-9a-f]+)$", text):
        return less(state, number(step[1]), text)
    if "sp!" in text:
        if name in ("stmdb", "vstmdb"):
            return State(state.depth + listed(text), state.held)
        if name in ("ldm", "ldmia", "vldmia"):
            return less(state, listed(text), text)
        raise Unreadable(f"{instruction.mnemonic} {text}")
    writes = not name.startswith(("str", "cmp", "cmn", "tst", "b", "cb", "push", "stm", "vstr", "it"))
    if first == "sp" and writes and name not in ("ldm",):
        if name in ("sub", "subw", "add", "addw") and (step := re.fullmatch(r"sp, (?:sp, )?#(\S+)", text)):
            step = number(step[1])
            return State(state.depth + (step if name.startswith("sub") else -step), state.held)
        if name == "mov" and (source := text.split(",")[1].strip()) in held:
            return State(held[source], state.held)
        if name == "sub" and (place := re.fullmatch(r"sp, (r\d+), #(\S+)", text)) and place[1] in held:
            return State(held[place[1]] + number(place[2]), state.held)
        raise Unreadable(f"{instruction.mnemonic} {text}")
    if not writes:
        return state
    # What becomes of registers that hold an address in the stack.
    depth = None
    if name == "mov" and text.endswith(", sp"):
        depth = state.depth
    elif name in ("add", "addw") and (place := re.fullmatch(r"\w+, sp, #(\S+)", text)):
        depth = state.depth - number(place[1])
    elif name in ("sub", "subs", "subw") and (place := re.fullmatch(r"(\w+), (?:(\w+), )?#(\S+)", text)):
        source = place[2] or place[1]
        depth = held[source] + number(place[3]) if source in held else None
    elif name in ("add", "adds", "addw") and (place := re.fullmatch(r"(\w+), (?:(\w+), )?#(\S+)", text)):
        source = place[2] or place[1]
        depth = held[source] - number(place[3]) if source in held else None
    elif name == "bfc" and first in held and (place := re.fullmatch(r"\w+, #0, #(\d+)", text)):
        depth = held[first] + (1 << int(place[1])) - 1
    if depth is None:
        # A call leaves the registers that it has to keep.
        held.pop(first, None)
    else:
        held[first] = depth
    return State(state.depth, tuple(sorted(held.items())))


def less(state: State, octets: int, text: str) -> State:
    held = {name: depth for name, depth in state.held if not re.search(rf"\b{name}\b", text)}
    if "-" in text:
        held = {}
    return State(state.depth - octets, tuple(sorted(held.items())))


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
