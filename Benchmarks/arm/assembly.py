"""Loops of a function in the assembly that clang writes: basic blocks, branches, natural loops."""

import dataclasses
import re

# A branch and the label it goes to; one of the first kind also continues below. What jumps anywhere else ends a block.
CONDITIONAL = re.compile(r"(?:j(?!mp)\w+|b\.\w+|cbn?z|tbn?z)\s+(?:.*,\s*)?(\.L\w+)$")
ALWAYS = re.compile(r"(?:jmpq?|b)\s+(\.L\w+)$")
RETURN = re.compile(r"(?:ret\w*|ud2|brk|jmpq?\s+\*?\w.*|br\s.*)$")
CALL = re.compile(r"(?:callq?|blr?)\s")
LABEL = re.compile(r"(\.L\w+):")
COMMENT = re.compile(r"\s*(?:#\s|//).*$")


class AssemblyError(Exception):
    """The assembly is not of the form that can be analysed; says what was found."""


@dataclasses.dataclass
class Block:
    """Instructions that run one after the other, and the numbers of the blocks that may follow."""

    instructions: list
    next: list

    @property
    def calls(self):
        return any(CALL.match(line) for line in self.instructions)


@dataclasses.dataclass
class Loop:
    """The blocks of a natural loop, and the loops directly within it."""

    header: int
    blocks: frozenset
    inner: list


def function(text, name):
    """The instructions and labels of a function, without comments and directives."""
    start = re.search(rf"^{re.escape(name)}:", text, re.MULTILINE)
    if not start:
        raise AssemblyError(f"The assembly has no function {name}.")
    end = text.index(".Lfunc_end", start.end())
    lines = (COMMENT.sub("", line).strip() for line in text[start.end() : end].splitlines())
    return [line for line in lines if line and (LABEL.match(line) or not line.startswith("."))]


def blocks(lines):
    """The basic blocks of a function, in the order they stand; the first is where it begins."""
    result, numbers, current = [Block([], [])], {}, []
    for line in lines:
        label = LABEL.match(line)
        if label:
            if result[-1].instructions:
                result.append(Block([], []))
            numbers[label[1]] = len(result) - 1
            continue
        result[-1].instructions.append(line)
        if CONDITIONAL.match(line) or ALWAYS.match(line) or RETURN.match(line):
            result.append(Block([], []))
    for index, block in enumerate(result):
        block.next = following(block, index, numbers, len(result))
    return result


def following(block, index, numbers, count):
    last = block.instructions[-1] if block.instructions else ""
    below = [index + 1] if index + 1 < count else []
    if match := CONDITIONAL.match(last):
        return [numbers[match[1]]] + below
    if match := ALWAYS.match(last):
        return [numbers[match[1]]]
    return [] if RETURN.match(last) else below


def dominators(graph):
    """For each block those through which every way to it leads."""
    everything = set(range(len(graph)))
    result = [everything for _ in graph]
    result[0] = {0}
    before = [[] for _ in graph]
    for index, block in enumerate(graph):
        for successor in block.next:
            before[successor].append(index)
    changed = True
    while changed:
        changed = False
        for index in range(1, len(graph)):
            common = set.intersection(*(result[b] for b in before[index])) if before[index] else everything
            new = common | {index}
            if new != result[index]:
                result[index], changed = new, True
    return result


def loops(graph):
    """The outermost loops of a function."""
    dominating = dominators(graph)
    bodies = {}
    for tail, block in enumerate(graph):
        for header in block.next:
            if header in dominating[tail] and len(dominating[tail]) < len(graph):
                bodies.setdefault(header, {header}).update(body(graph, header, tail))
    nested = sorted((Loop(h, frozenset(b), []) for h, b in bodies.items()), key=lambda loop: len(loop.blocks))
    outermost = []
    for index, loop in enumerate(nested):
        parent = next((other for other in nested[index + 1 :] if loop.blocks < other.blocks), None)
        (parent.inner if parent else outermost).append(loop)
    return outermost


def body(graph, header, tail):
    """The blocks from which `tail` is reached without passing `header`."""
    result, pending = {tail}, [tail]
    while pending:
        block = pending.pop()
        if block == header:
            continue
        for index, other in enumerate(graph):
            if block in other.next and index not in result and index != header:
                result.add(index)
                pending.append(index)
    return result


def way_round(graph, loop):
    """The instructions of the shortest way round a loop without a call; loops within it are passed by, their blocks left out."""
    inside = {block: inner for inner in loop.inner for block in inner.blocks}
    best = shortest(graph, loop, inside)
    if best is None:
        raise AssemblyError("A loop has no way round it without a call.")
    return [line for index in best if index not in inside for line in graph[index].instructions]


def shortest(graph, loop, inside):
    """Blocks from the header back to it with the fewest instructions."""
    costs = {loop.header: (cost(graph, loop.header, inside), [loop.header])}
    pending, best = [loop.header], None
    while pending:
        index = pending.pop(0)
        total, path = costs[index]
        for successor in graph[index].next:
            if successor == loop.header:
                if best is None or total < best[0]:
                    best = (total, path)
                continue
            if successor not in loop.blocks or graph[successor].calls:
                continue
            new = total + cost(graph, successor, inside)
            if successor not in costs or new < costs[successor][0]:
                costs[successor] = (new, path + [successor])
                pending.append(successor)
    return best[1] if best else None


def cost(graph, index, inside):
    return 0 if index in inside else len(graph[index].instructions)
