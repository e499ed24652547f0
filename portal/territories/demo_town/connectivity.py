"""Strongly connected components of a directed graph, without recursion."""

from __future__ import annotations

from collections.abc import Iterable


def strong_components(edges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return node -> number of its strongly connected component, for every node of the directed edges.

    Tarjan's algorithm, linear in the number of edges.
    """
    follow: dict[int, list[int]] = {}
    for u, v in edges:
        follow.setdefault(u, []).append(v)
        follow.setdefault(v, [])
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    component: dict[int, int] = {}
    stack: list[int] = []
    count = 0
    for root in follow:
        if root in index:
            continue
        work = [(root, 0)]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            node, at = work.pop()
            if at < len(follow[node]):
                work.append((node, at + 1))
                child = follow[node][at]
                if child not in index:
                    index[child] = low[child] = len(index)
                    stack.append(child)
                    work.append((child, 0))
                elif child not in component:
                    low[node] = min(low[node], index[child])
                continue
            if low[node] == index[node]:
                while True:
                    member = stack.pop()
                    component[member] = count
                    if member == node:
                        break
                count += 1
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[node])
    return component


def largest_component(component: dict[int, int]) -> set[int]:
    """Return the nodes of the component with the most nodes."""
    sizes: dict[int, int] = {}
    for number in component.values():
        sizes[number] = sizes.get(number, 0) + 1
    largest = max(sizes, key=lambda number: (sizes[number], -number))
    return {node for node, number in component.items() if number == largest}
