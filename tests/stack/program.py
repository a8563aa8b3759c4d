"""A linked program: its functions, their instructions, and where it keeps the addresses of functions."""

import bisect
import re
import struct
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import capstone
from elftools.elf.elffile import ELFFile


@dataclass(frozen=True)
class Instruction:
    """One instruction, as text."""

    address: int
    size: int
    mnemonic: str
    operands: str

    @cached_property
    def condition(self) -> str:
        """The condition under which it runs, empty for always."""
        name = self.mnemonic.removesuffix(".w").removesuffix(".n")
        found = re.fullmatch(
            r"(?:b|bx|blx|pop|push|ldm|mov|add|sub|ldr|str|movs|vpop|bl|pop\.w)"
            r"(eq|ne|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)",
            name,
        )
        return found[1] if found else ""

    @cached_property
    def name(self) -> str:
        """The mnemonic without condition and width."""
        name = self.mnemonic.removesuffix(".w").removesuffix(".n")
        return name.removesuffix(self.condition) if self.condition else name


@dataclass
class Function:
    """A function of the program."""

    name: str
    start: int
    end: int
    instructions: dict[int, Instruction] = field(default_factory=dict)

    def __contains__(self, address: int) -> bool:
        return self.start <= address < self.end


class Program:
    """A linked ELF file of a Cortex-M."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            elf = ELFFile(file)
            self.sections = {
                section.name: (section["sh_addr"], section.data())
                for section in elf.iter_sections()
                if section["sh_flags"] & 2 and section["sh_type"] == "SHT_PROGBITS"
            }
            symbols = list(elf.get_section_by_name(".symtab").iter_symbols())
        self.symbols = {symbol.name: symbol["st_value"] for symbol in symbols}
        self.marks = sorted(
            (symbol["st_value"], symbol.name[1]) for symbol in symbols if re.match(r"\$[td](\.|$)", symbol.name)
        )
        names: dict[int, tuple[str, int]] = {}
        for symbol in symbols:
            if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_size"]:
                start = symbol["st_value"] & ~1
                name, size = names.get(start, ("", 0))
                names[start] = (max(name, symbol.name), max(size, symbol["st_size"]))
        self.functions = {start: Function(name, start, start + size) for start, (name, size) in sorted(names.items())}
        self._starts = sorted(self.functions)
        self._disassemble()

    def at(self, address: int) -> Function | None:
        """The function in which an address lies."""
        place = bisect.bisect_right(self._starts, address) - 1
        function = self.functions[self._starts[place]] if place >= 0 else None
        return function if function and address in function else None

    def word(self, address: int) -> int | None:
        """What the file has at an address."""
        for start, octets in self.sections.values():
            if start <= address <= start + len(octets) - 4:
                return struct.unpack_from("<I", octets, address - start)[0]
        return None

    def octets(self, address: int, length: int) -> bytes:
        """What the file has from an address on."""
        for start, octets in self.sections.values():
            if start <= address < start + len(octets):
                return octets[address - start : address - start + length]
        return b""

    def pieces(self, function: Function, kind: str) -> list[tuple[int, int]]:
        """The parts of a function that are code (`t`) or data (`d`)."""
        place = bisect.bisect_right(self.marks, (function.start, "~")) - 1
        pieces = []
        while place < len(self.marks) and self.marks[place][0] < function.end:
            after = self.marks[place + 1][0] if place + 1 < len(self.marks) else function.end
            start, end = max(self.marks[place][0], function.start), min(after, function.end)
            if self.marks[place][1] == kind and start < end:
                pieces.append((start, end))
            place += 1
        return pieces

    def pointers(self) -> dict[int, Function]:
        """The functions whose addresses stand in constants, by the place of the address."""
        found = {}
        for name, (start, octets) in self.sections.items():
            if name == ".vector_table":
                continue
            for at in range(-start % 4, len(octets) - 3, 4):
                word = struct.unpack_from("<I", octets, at)[0]
                is_code = name == ".text" and self.at(start + at)
                if not is_code and word & 1 and word & ~1 in self.functions:
                    found[start + at] = self.functions[word & ~1]
        return found

    def vectors(self) -> list[Function]:
        """The handlers of exceptions and interrupts, that of the reset first."""
        _, octets = self.sections[".vector_table"]
        words = struct.unpack(f"<{len(octets) // 4}I", octets)
        return [self.functions[word & ~1] for word in words[1:] if word & ~1 in self.functions]

    def _disassemble(self) -> None:
        engine = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
        for function in self.functions.values():
            for start, end in self.pieces(function, "t"):
                octets = self.octets(start, end - start)
                reached = start
                for address, size, mnemonic, operands in engine.disasm_lite(octets, start):
                    function.instructions[address] = Instruction(address, size, mnemonic, operands)
                    reached = address + size
                if reached < end - 1:
                    raise SystemExit(f"{function.name}: what stands at {reached:#x} is no known instruction")
