"""Random diagrams from blocks that fit into each other, for comparing two ways to run them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from tests.engine.diagrams import (
    after,
    boundary,
    catch,
    choice,
    diagram,
    end,
    error,
    every,
    first_of,
    flows,
    for_each,
    inclusive,
    message,
    on_error,
    on_message,
    parallel,
    process,
    scope,
    script,
    start,
    user,
)

SCRIPTS = (
    "x = x + 1",
    "y = x * 2",
    "names = names + [str(x)]",
    'deep["k"] = {"n": x}',
    "deep.left = deep.left + 1",
    "deep.right = [x, y]",
    "names.append(y)",
    "_tmp = x\nif _tmp > 3:\n    y = _tmp - 3",
)
CONDITIONS = ("x > 3", "y % 2 == 0", "len(names) > 2", 'deep.get("k") == None', "deep.left < x")


@dataclass
class Block:
    """A piece of a diagram with one way in and one way out."""

    first: str
    last: str
    parts: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


class Generator:
    """Makes one diagram; the same seed gives the same diagram."""

    def __init__(self, seed: int, *, depth: int = 3) -> None:
        self.random = Random(seed)  # noqa: S311 - not a secret
        self.depth = depth
        self._numbers: dict[str, int] = {}
        self._loops = 0

    def make(self) -> bytes:
        """Make a whole diagram."""
        body = self._block(self.depth)
        paths = [f"start {body.first}", f"{body.last} end", *body.paths]
        return diagram(
            message("M", "ping"),
            error("Er", "E"),
            process("p", start(), *body.parts, end(), flows(*paths)),
        )

    def _block(self, depth: int) -> Block:
        if depth == 0:
            return self._leaf()
        kinds: list[Callable[[int], Block]] = [
            self._sequence,
            self._sequence,
            self._exclusive,
            self._parallel,
            self._parallel,
            self._inclusive,
            self._loop,
            self._scope,
            self._many,
            self._with_timer,
            self._with_error,
            self._skip,
            self._listen,
            self._wait,
        ]
        return self.random.choice(kinds)(depth - 1)

    def _leaf(self) -> Block:
        if self.random.random() < 0.5:
            return self._node(user, "u")
        name = self._name("s")
        return Block(name, name, [script(name, self.random.choice(SCRIPTS))])

    def _sequence(self, depth: int) -> Block:
        blocks = [self._block(depth) for _ in range(self.random.randint(2, 3))]
        joined = self._join(blocks[0].first, blocks[-1].last, *blocks)
        pairs = pairwise(blocks)
        joined.paths += [f"{one.last} {other.first}" for one, other in pairs]
        return joined

    def _exclusive(self, depth: int) -> Block:
        split, merge = self._name("g"), self._name("g")
        yes, no = self._block(depth), self._block(depth)
        block = self._join(split, merge, yes, no)
        block.parts += [choice(split, no.first), choice(merge)]
        block.paths += [
            f"{split} [{self.random.choice(CONDITIONS)}]-> {yes.first}",
            f"{split} {no.first}",
            f"{yes.last} {merge}",
            f"{no.last} {merge}",
        ]
        return block

    def _parallel(self, depth: int) -> Block:
        fork, join = self._name("p"), self._name("p")
        branches = [self._block(depth) for _ in range(self.random.randint(2, 3))]
        block = self._join(fork, join, *branches)
        block.parts += [parallel(fork), parallel(join)]
        for branch in branches:
            block.paths += [f"{fork} {branch.first}", f"{branch.last} {join}"]
        return block

    def _inclusive(self, depth: int) -> Block:
        fork, join = self._name("i"), self._name("i")
        branches = [self._block(depth) for _ in range(self.random.randint(2, 3))]
        block = self._join(fork, join, *branches)
        block.parts += [inclusive(fork, branches[-1].first), inclusive(join)]
        for branch in branches[:-1]:
            block.paths.append(f"{fork} [{self.random.choice(CONDITIONS)}]-> {branch.first}")
        block.paths.append(f"{fork} {branches[-1].first}")
        block.paths += [f"{branch.last} {join}" for branch in branches]
        return block

    def _loop(self, depth: int) -> Block:
        self._loops += 1
        counter = f"i{self._loops}"
        reset, merge, count, again = (self._name(kind) for kind in ("s", "g", "s", "g"))
        body = self._block(depth)
        block = self._join(reset, again, body)
        block.parts += [
            script(reset, f"{counter} = 0"),
            choice(merge),
            script(count, f"{counter} = {counter} + 1"),
            choice(again),
        ]
        leave = self._node(user, "u")
        block.parts += leave.parts
        block.paths += [
            f"{reset} {merge} {body.first}",
            f"{body.last} {count} {again}",
            f"{again} [{counter} < {self.random.randint(2, 3)}]-> {merge}",
            f"{again} [{counter} >= 0]-> {leave.first}",
        ]
        return Block(reset, leave.last, block.parts, block.paths)

    def _scope(self, depth: int) -> Block:
        name = self._name("sp")
        return Block(name, name, [scope(name, *self._inside(depth))])

    def _many(self, depth: int) -> Block:
        name, item = self._name("m"), self._name("item")
        sequential = self.random.random() < 0.4
        results = f"results_{item}"
        over = for_each("things", item, results, "x", sequential=sequential)
        if self.random.random() < 0.4:
            over = for_each("things", item, sequential=sequential)
        else:
            over = over.replace('outputDataItem id="x"', f'outputDataItem id="res_{item}"')
        give = self._name("s")
        inside = self._inside(depth, first=script(give, f"res_{item} = [{item}, x]"), name=give)
        return Block(name, name, [scope(name, over, *inside)])

    def _with_timer(self, depth: int) -> Block:
        host = self._node(user, "u") if self.random.random() < 0.6 else self._scope(depth)
        timer = self._name("t")
        late = self._leaf()
        cancels = self.random.random() < 0.5
        block = self._join(host.first, host.last, host, late)
        event = self.random.choice((after('"PT1H"'), after('"PT1H"'), on_message("M")))
        if not cancels:
            event = self.random.choice((event, every('"R/PT1H"'), on_message("M")))
        block.parts.append(boundary(timer, host.first, event, cancel=cancels))
        block.paths.append(f"{timer} {late.first}")
        if not cancels:
            name = self._name("e")
            block.parts.append(end(name))
            block.paths.append(f"{late.last} {name}")
            return block
        merge = self._name("g")
        block.parts.append(choice(merge))
        block.paths += [f"{host.last} {merge}", f"{late.last} {merge}"]
        return Block(host.first, merge, block.parts, block.paths)

    def _with_error(self, depth: int) -> Block:
        """A sub-process that may fail, and what is done then."""
        begin, check, good, bad = (self._name(kind) for kind in ("st", "g", "e", "e"))
        body, late = self._block(depth), self._leaf()
        name, event, merge = self._name("sp"), self._name("er"), self._name("g")
        inner = scope(
            name,
            start(begin),
            *body.parts,
            choice(check, good),
            end(good),
            end(bad, on_error("Er")),
            flows(
                f"{begin} {body.first}",
                f"{body.last} {check}",
                f"{check} [{self.random.choice(CONDITIONS)}]-> {bad}",
                f"{check} {good}",
                *body.paths,
            ),
        )
        parts = [inner, boundary(event, name, on_error("Er")), choice(merge), *late.parts]
        paths = [f"{name} {merge}", f"{event} {late.first}", f"{late.last} {merge}", *late.paths]
        return Block(name, merge, parts, paths)

    def _skip(self, depth: int) -> Block:
        """Branches beside a flow that leads straight from the split to an inclusive join."""
        fork, join = self._name("i"), self._name("i")
        branches = [self._block(depth) for _ in range(self.random.randint(1, 2))]
        block = self._join(fork, join, *branches)
        is_parallel = self.random.random() < 0.5
        block.parts += [parallel(fork) if is_parallel else inclusive(fork), inclusive(join)]
        ways = [f"{fork} -> {join}", *(f"{fork} -> {branch.first}" for branch in branches)]
        self.random.shuffle(ways)
        for way in ways:
            condition = "True" if way.endswith(f" {join}") else self.random.choice(CONDITIONS)
            mark = " " if is_parallel else f" [{condition}]-> "
            block.paths.append(way.replace(" -> ", mark))
        block.paths += [f"{branch.last} {join}" for branch in branches]
        return block

    def _listen(self, depth: int) -> Block:
        """A sub-process that takes messages beside its work."""
        name, beside, begin, done = (self._name(kind) for kind in ("sp", "es", "st", "e"))
        body = self._leaf()
        heard = start(begin, on_message("M")).replace(">", ' isInterrupting="false">', 1)
        listening = scope(
            beside,
            heard,
            *body.parts,
            end(done),
            flows(f"{begin} {body.first}", f"{body.last} {done}"),
            by_event=True,
        )
        return Block(name, name, [scope(name, *self._inside(depth), listening)])

    def _wait(self, depth: int) -> Block:
        gate, timer, ping, merge = (self._name(kind) for kind in ("v", "c", "c", "g"))
        branch = self._block(depth)
        block = self._join(gate, merge, branch)
        block.parts += [
            first_of(gate),
            catch(timer, after('"PT2H"')),
            catch(ping, on_message("M")),
            choice(merge),
        ]
        block.paths += [
            f"{gate} {timer} {branch.first}",
            f"{gate} {ping} {merge}",
            f"{branch.last} {merge}",
        ]
        return block

    def _inside(self, depth: int, *, first: str = "", name: str = "") -> list[str]:
        begin, finish = self._name("st"), self._name("e")
        body = self._block(depth)
        entry = f"{begin} {name} {body.first}"
        return [
            start(begin),
            first,
            *body.parts,
            end(finish),
            flows(entry, f"{body.last} {finish}", *body.paths),
        ]

    def _join(self, first: str, last: str, *blocks: Block) -> Block:
        parts = [part for block in blocks for part in block.parts]
        return Block(first, last, parts, [path for block in blocks for path in block.paths])

    def _node(self, make: Callable[[str], str], kind: str) -> Block:
        name = self._name(kind)
        return Block(name, name, [make(name)])

    def _name(self, kind: str) -> str:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return f"{kind}{self._numbers[kind]}"
