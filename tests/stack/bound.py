"""The deepest that the stack can get, over all ways through a graph of calls."""

import re
from dataclasses import dataclass

from graph import Graph


@dataclass(frozen=True)
class Deepest:
    """How deep it gets from a function on, and by which way."""

    octets: int
    way: tuple[int, ...]


def components(graph: Graph) -> list[list[int]]:
    """Functions that call one another in a circle, callees first (Tarjan's algorithm, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root in graph.frames:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(graph.calls.get(root, ())))]
        while work:
            node, callees = work[-1]
            advanced = False
            for callee in callees:
                if callee not in index:
                    index[callee] = low[callee] = len(index)
                    stack.append(callee)
                    on_stack.add(callee)
                    work.append((callee, iter(graph.calls.get(callee, ()))))
                    advanced = True
                    break
                if callee in on_stack:
                    low[node] = min(low[node], index[callee])
            if advanced:
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == index[node]:
                component = []
                while True:
                    member = stack.pop()
                    on_stack.discard(member)
                    component.append(member)
                    if member == node:
                        break
                found.append(component)
    return found


@dataclass(frozen=True)
class Circle:
    """Functions that may call one another in a circle, and how often each is entered at most."""

    functions: re.Pattern[str]
    times: int


def deepest(graph: Graph, names: dict[int, str], circles: list[Circle]) -> tuple[dict[int, Deepest], list[str]]:
    """How deep the stack gets from each function on, and the circles of which nobody says how often they turn."""
    found: dict[int, Deepest] = {}
    unlisted = []
    for component in components(graph):
        first = component[0]
        if len(component) == 1 and first not in graph.calls.get(first, {}):
            found[first] = alone(graph, found, first)
            continue
        circle = next((one for one in circles if all(one.functions.search(names[each]) for each in component)), None)
        if circle is None:
            unlisted.append(", ".join(sorted(names[each] for each in component)))
        times = circle.times if circle else 1
        inside = times * sum(graph.frames[each].depth for each in component)
        beyond = max(
            (found[callee] for each in component for callee in graph.calls.get(each, {}) if callee in found),
            key=lambda one: one.octets,
            default=Deepest(0, ()),
        )
        for each in component:
            found[each] = Deepest(inside + beyond.octets, (each, *beyond.way))
    return found, unlisted


def alone(graph: Graph, found: dict[int, Deepest], function: int) -> Deepest:
    """The same for a function that is in no circle, whose callees are known."""
    best = Deepest(graph.frames[function].depth, (function,))
    for callee, depth in graph.calls.get(function, {}).items():
        octets = depth + found[callee].octets
        if octets > best.octets:
            best = Deepest(octets, (function, *found[callee].way))
    return best
