"""What the bound has to be, and when there must be none: small programs for a Cortex-M4, assembled and linked."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# A reset handler that takes 8 octets and calls `first`, an interrupt that takes 16, and what a test adds.
FRAME = """
    .syntax unified
    .thumb
    .section .vector_table, "a"
    .word _stack_start, Reset, Tick
    .global _stack_start, __sheap
    .set _stack_start, 0x20000200
    .set __sheap, 0x20000000
    .text
    .macro function name
    .global \\name
    .type \\name, %function
    .thumb_func
    \\name:
    .endm
    function Reset
        push {r4, lr}
        bl first
        pop {r4, pc}
    .size Reset, . - Reset
    function Tick
        push {r4, r5, r6, lr}
        pop {r4, r5, r6, pc}
    .size Tick, . - Tick
"""

LEVELS = """
[[levels]]
what = "the tick"
handlers = ["Tick"]
"""

# The interrupt, with what the processor puts on the stack for it.
TICK = 16 + 108


@pytest.fixture
def bound(tmp_path):
    """The bound of a program under some facts, or why there is none."""

    def bound(source: str, facts: str = LEVELS) -> int | str:
        (tmp_path / "program.s").write_text(FRAME + source)
        (tmp_path / "facts.toml").write_text(facts)
        elf = tmp_path / "program"
        subprocess.run(
            ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-Wl,--section-start=.text=0x1000"]
            + ["-Wl,--section-start=.vector_table=0", "-Wl,-e,Reset", tmp_path / "program.s", "-o", elf],
            check=True,
        )
        run = subprocess.run(
            [sys.executable, HERE, "--json", elf, tmp_path / "facts.toml"], capture_output=True, text=True
        )
        return json.loads(run.stdout)["stack_octets"] if run.returncode == 0 else run.stderr

    return bound


def function(name: str, body: str) -> str:
    return f"function {name}\n{body}\n.size {name}, . - {name}\n"


LEAF = function("leaf", "push {r4-r7}\nsub sp, #32\nadd sp, #32\npop {r4-r7}\nbx lr")


def test_the_deepest_way_counts(bound):
    first = function("first", "push {r4, lr}\nsub sp, #24\ncbz r0, 1f\nbl leaf\n1: add sp, #24\npop {r4, pc}")
    assert bound(first + LEAF) == 8 + 32 + 48 + TICK


def test_what_is_taken_after_a_call_is_not_below_it(bound):
    first = function("first", "push {r4, lr}\nbl leaf\nsub sp, #16\nadd sp, #16\npop {r4, pc}")
    assert bound(first + LEAF) == 8 + 8 + 48 + TICK


def test_a_jump_in_place_of_a_return_leaves_nothing_behind(bound):
    first = function("first", "push {r4, lr}\nsub sp, #64\nadd sp, #64\npop {r4, lr}\nb leaf")
    assert bound(first + LEAF) == 8 + 72 + TICK


def test_a_frame_by_its_pointer_is_undone(bound):
    first = function(
        "first", "push {r7, lr}\nsub sp, #64\nadd r7, sp, #0\nadds r7, #64\nmov sp, r7\nbl leaf\npop {r7, pc}"
    )
    assert bound(first + LEAF) == 8 + max(72, 8 + 48) + TICK


def test_a_table_of_branches_is_followed(bound):
    first = function(
        "first", "push {r4, lr}\ntbb [pc, r0]\n2: .byte (3f - 2b) / 2, (4f - 2b) / 2\n3: bl leaf\n4: pop {r4, pc}"
    )
    assert bound(first + LEAF) == 8 + 8 + 48 + TICK


def test_a_call_through_a_known_register_is_followed(bound):
    first = function("first", "push {r4, lr}\nldr r0, =leaf\nblx r0\npop {r4, pc}\n.ltorg")
    assert bound(first + LEAF) == 8 + 8 + 48 + TICK


def test_a_call_that_goes_nowhere_known_is_refused(bound):
    first = function("first", "push {r4, lr}\nblx r0\npop {r4, pc}")
    assert "what is not known" in bound(first + LEAF)


def test_a_call_goes_where_addresses_are_taken_unless_a_rule_forbids(bound):
    first = function("first", "push {r4, lr}\nldr r0, =leaf\nstr r0, [r1]\nblx r2\npop {r4, pc}\n.ltorg")
    assert bound(first + LEAF) == 8 + 8 + 48 + TICK
    elsewhere = '[[callers]]\nto = "leaf"\nonly_from = "nobody"\n' + LEVELS
    assert "what is not known" in bound(first + LEAF, elsewhere)


CIRCLE = function("first", "push {r4, lr}\nbl second\npop {r4, pc}") + function(
    "second", "push {r4, r5, r6, lr}\nbl first\npop {r4, r5, r6, pc}"
)


def test_a_circle_is_refused_and_counts_as_often_as_it_turns(bound):
    assert "nobody says how often" in bound(CIRCLE)
    listed = '[[circles]]\nfunctions = "first|second"\ntimes = 3\n' + LEVELS
    assert bound(CIRCLE, listed) == 8 + 3 * (8 + 16) + TICK
    other = '[[circles]]\nfunctions = "first"\ntimes = 3\n' + LEVELS
    assert "nobody says how often" in bound(CIRCLE, other)


def test_an_interrupt_of_no_level_is_refused(bound):
    first = function("first", "bx lr")
    assert "Tick is an interrupt of no level" in bound(first, "")


def test_a_stack_pointer_that_comes_from_elsewhere_is_refused(bound):
    first = function("first", "mov sp, r3\nbx lr")
    assert "is not understood" in bound(first)


def test_a_function_that_grows_in_a_loop_is_refused(bound):
    first = function("first", "1: push {r4}\ncmp r0, #0\nbne 1b\nbx lr")
    assert "is not understood" in bound(first)


def test_a_stack_that_meets_the_statics_is_refused(bound):
    first = function("first", "push {r4, lr}\nsub sp, #400\nadd sp, #400\npop {r4, pc}")
    assert "540 octets of stack, for which 512 are there" in bound(first)
