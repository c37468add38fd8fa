"""Mutants: a reference solution of HumanEval with a change in it, as a model's slip might be."""

import ast
import copy
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from code_sides import Problem

COMPARES: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATORS: Mapping[type[ast.operator], Sequence[type[ast.operator]]] = {
    ast.Add: (ast.Sub, ast.Mult), ast.Sub: (ast.Add,), ast.Mult: (ast.Add, ast.FloorDiv), ast.Pow: (ast.Mult,),
    ast.Div: (ast.FloorDiv, ast.Mult), ast.FloorDiv: (ast.Div, ast.Mod), ast.Mod: (ast.FloorDiv, ast.Mult),
}  # fmt: skip

Change = Callable[[], None]


def mutant(problem: Problem, chance: random.Random) -> str:
    """The reference with one change, now and then two."""
    tree = ast.parse(problem["prompt"] + problem["canonical_solution"])
    function = next(one for one in tree.body if getattr(one, "name", "") == problem["entry_point"])
    assert isinstance(function, ast.FunctionDef)
    body = ast.Module(body=copy.deepcopy(function.body[1:]), type_ignores=[])
    names = sorted({one.id for one in ast.walk(function) if isinstance(one, ast.Name)})
    for _ in range(chance.choice((1, 1, 1, 2))):
        if found := list(changes(body, names, chance)):
            # a kind of change first: constants and names would outnumber all others
            kind = chance.choice(sorted({one for one, _ in found}))
            chance.choice([change for one, change in found if one == kind])()
    lines = ast.unparse(ast.fix_missing_locations(body)).splitlines()
    if chance.random() < 0.05:  # an argument that has a wrong value from the start
        lines.insert(0, f"{function.args.args[0].arg} = {chance.choice(('None', '0', '[]', repr('')))}")
    return "".join(f"    {line}\n" if line else "\n" for line in lines)


def changes(body: ast.Module, names: Sequence[str], chance: random.Random) -> Iterator[tuple[str, Change]]:
    """Every change that could be made: its kind, and what makes it."""
    for node in ast.walk(body):
        match node:
            case ast.Compare(ops=[op, *_]) if type(op) in COMPARES:
                yield "compare", setter(node, "ops", [COMPARES[type(op)](), *node.ops[1:]])
                yield "operands", setter(node, "left", node.comparators[0])
            case ast.BinOp(op=op) if type(op) in OPERATORS:
                yield "operator", setter(node, "op", chance.choice(OPERATORS[type(op)])())
                yield "operands", setter(node, "right", node.left)
            case ast.AugAssign(op=op) if type(op) in OPERATORS:
                yield "operator", setter(node, "op", chance.choice(OPERATORS[type(op)])())
            case ast.BoolOp(op=op):
                yield "boolean", setter(node, "op", ast.And() if isinstance(op, ast.Or) else ast.Or())
            case ast.Constant(value=bool(value)):
                yield "constant", setter(node, "value", not value)
            case ast.Constant(value=int(value) | float(value)):
                yield "constant", setter(node, "value", value + chance.choice((-1, 1)))
            case ast.Constant(value=str(value)):
                yield "constant", setter(node, "value", chance.choice((value[1:], value + " ", value.swapcase())))
            case ast.Name(id=name, ctx=ast.Load()):
                others = [one for one in names if one != name]
                if others:
                    yield "name", setter(node, "id", chance.choice(others))
            case ast.Call(args=[first, second, *rest]):
                yield "arguments", setter(node, "args", [second, first, *rest])
            case ast.Slice(lower=lower, upper=upper):
                yield "slice", setter(node, "lower", upper)
                yield "slice", setter(node, "upper", lower)
            case ast.If() | ast.While() | ast.IfExp():
                yield "condition", setter(node, "test", ast.UnaryOp(op=ast.Not(), operand=node.test))
            case ast.Return(value=ast.expr() as result):
                yield "returned", setter(node, "value", chance.choice((None, ast.Tuple([result], ast.Load()))))
        for name in ("body", "orelse"):
            block: list[ast.stmt] = found if isinstance(found := getattr(node, name, None), list) else []
            for at, statement in enumerate(block):
                yield "removed", putter(block, at, ast.Pass())
                match statement:
                    case ast.Return(value=ast.expr() as result):
                        yield "return dropped", putter(block, at, ast.Expr(result))
                        yield "yielded", putter(block, at, ast.Expr(ast.Yield(result)))
                    case ast.Break():
                        yield "jump", putter(block, at, ast.Continue())
                    case ast.Continue():
                        yield "jump", putter(block, at, ast.Break())
                    case ast.For() | ast.While():
                        yield "early", putter(statement.body, len(statement.body) - 1, ast.Break())


def setter(node: ast.AST, name: str, value: object) -> Change:
    return lambda: setattr(node, name, value)


def putter(block: list[ast.stmt], at: int, statement: ast.stmt) -> Change:
    return lambda: block.__setitem__(at, statement)
