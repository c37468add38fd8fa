"""Expressions at a point, as complex numbers of 70 digits.

Equal constants agree to 50 digits here; so do equal functions at points derived from their variables' names. Whether
so many digits are enough, `exact` says.
`decimal` is used through one context without traps: out of range gives NaN or infinity, which is `Undefined`.
"""

import zlib
from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Context, Decimal

from benchcore.graders.algebra.bounds import Fuel, Limit, Undecided
from benchcore.graders.algebra.exact import confirmed
from benchcore.graders.algebra.nodes import Node, Num, Sym, bits, symbols
from benchcore.graders.algebra.values import INFINITY, NEGATIVE_INFINITY

DIGITS = 70
AGREE = 50  # digits two values have in common to be equal
SPREAD = 40  # orders of magnitude between two terms whose sum keeps both
POINTS = 7
ENOUGH = 3  # points at which two functions must agree

_C = Context(prec=DIGITS, Emax=10**8, Emin=-(10**8), traps=[])
_WIDE = Context(prec=DIGITS + 40, Emax=10**8, Emin=-(10**8), traps=[])
_ROUGH = Context(prec=AGREE - 10, Emax=10**8, Emin=-(10**8), traps=[])
_ZERO, _ONE, _TWO = Decimal(0), Decimal(1), Decimal(2)
_PI = Decimal(
    "3.1415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679821480865"
)
_E = _C.exp(_ONE)
_HALF_PI = _WIDE.divide(_PI, _TWO)
_UNIT = _C.power(_TWO, Decimal(-32))
_FARTHEST = Decimal(10) ** 20  # argument of a sine or cosine

Complex = tuple[Decimal, Decimal]


class Undefined(Exception):
    """The expression has no value at this point, or none that is computed here."""


def value(node: Node, point: Mapping[str, Decimal], fuel: Fuel, real: bool = False) -> Complex:
    """The value of `node` where its variables have the values in `point`; with `real`, every part of it is real.

    Raises `Undefined`, and `Limit` when terms differ too much in size for the digits kept.
    """
    if isinstance(node, Num):
        fuel.spend(1)
        number = node.value
        fuel.spend(bits(number) // 50)
        if number.denominator == 1:
            return _C.create_decimal(number.numerator), _ZERO
        return _C.divide(Decimal(number.numerator), Decimal(number.denominator)), _ZERO
    if isinstance(node, Sym):
        if node.name == "pi":
            return _C.plus(_PI), _ZERO
        if node.name == "e":
            return _E, _ZERO
        if node.name == "i":
            if real:
                raise Undefined
            return _ZERO, _ONE
        return point[node.name], _ZERO
    args = [value(arg, point, fuel, real) for arg in node.args]
    if node.name == "add":
        fuel.spend(len(args))
        found = _sum([re for re, _ in args]), _sum([im for _, im in args])
    elif node.name == "mul":
        fuel.spend(len(args))
        found = args[0]
        for arg in args[1:]:
            found = _times(found, arg)
    elif node.name == "pow":
        found = _power(args[0], args[1], fuel)
    elif node.name == "root":
        found = _root(args[0], args[1], fuel)
    elif node.name == "degree":
        found = _times(args[0], (_C.divide(_PI, Decimal(180)), _ZERO))
    elif node.name == "percent":
        found = _times(args[0], (_C.divide(_ONE, Decimal(100)), _ZERO))
    elif node.name in ("exp", "ln", "log", "abs"):
        found = _elementary(node.name, args, fuel)
    elif node.name in _REAL and len(args) == 1:
        fuel.spend(80)
        if not negligible(args[0][1], args[0][0]):
            raise Undefined
        if node.name not in _STEPS and _vanishes(args[0][0], AGREE // 2 - 3):
            raise Limit("limit: precision")
        found = _REAL[node.name](args[0][0]), _ZERO
    else:
        found = _opaque(node.name, args), _ZERO
    if not (found[0].is_finite() and found[1].is_finite()) or (real and found[1]):
        raise Undefined
    return found


def real(node: Node, fuel: Fuel) -> Decimal:
    """The value of a constant. Raises `Undecided` when it has none, or none that is real."""
    if symbols(node):
        raise Undecided("no constant")
    try:
        found, imaginary = value(node, {}, fuel)
    except Undefined:
        raise Undecided("no value") from None
    if not negligible(imaginary, found):
        raise Undecided("no real value")
    return found


def negligible(part: Decimal, beside: Decimal) -> bool:
    """Whether `part` is nothing but rounding beside `beside`."""
    return not part or (bool(beside) and part.adjusted() < beside.adjusted() - AGREE)


def _vanishes(number: Decimal, digits: int) -> bool:
    """Whether a function of `number` differs from its value or its slope at zero by too little for the digits kept."""
    return bool(number) and number.adjusted() < -digits


def agree(first: Complex, second: Complex) -> bool:
    """Whether two values are the same to `AGREE` digits."""
    largest = max(part.copy_abs() for part in (*first, *second))
    return all(negligible(_C.subtract(one, other), largest) for one, other in zip(first, second, strict=True))


def equal(first: Node, second: Node, fuel: Fuel) -> bool:
    """Whether two expressions have the same value where both are real, with all their parts.

    Without enough such points, wherever both have a value at all. Raises `Undecided` when there are too few points.
    """
    fuel.spend(1)
    if isinstance(first, Num) and isinstance(second, Num):
        return first.value == second.value
    if first == second:
        return True
    names = symbols(first) | symbols(second)
    if INFINITY.name in names:
        for side in (first, second):
            if INFINITY.name in symbols(side) and side not in (INFINITY, NEGATIVE_INFINITY):
                raise Undecided("arithmetic with infinity")
        return False
    if not names:
        try:
            same = agree(value(first, {}, fuel), value(second, {}, fuel))
        except Undefined:
            raise Undecided("no value") from None
        return same and confirmed(first, second, fuel)
    for real in (True, False):
        agreed = 0
        for index in range(POINTS):
            point = {name: coordinate(name, index) for name in names}
            try:
                same = agree(value(first, point, fuel, real), value(second, point, fuel, real))
            except Undefined:
                continue
            if not same:
                return False
            agreed += 1
        if agreed >= ENOUGH:
            return confirmed(first, second, fuel)
    raise Undecided("no value at enough points")


def coordinate(name: str, index: int) -> Decimal:
    """The value of the variable `name` at point `index`: positive for the first four, of either sign for the rest."""
    drawn = zlib.crc32(f"{index}:{name}".encode("utf-8", "surrogatepass"))
    low, high = ((1, 2), (3, 7), (0, 1), (11, 17), (0, 1), (1, 3), (3, 9))[index]
    size = _C.add(Decimal(low), _C.multiply(Decimal((high - low) * (drawn | 1)), _UNIT))
    return size.copy_negate() if index > 3 and drawn % 3 else size


def _sum(terms: list[Decimal], keep: bool = True) -> Decimal:
    """The sum; what cancels to the last digits is zero. Raises `Limit` to `keep` a term too small beside another."""
    total = largest = _ZERO
    for term in terms:
        if not term:
            continue
        if not term.is_finite():
            raise Undefined
        if keep and largest and abs(term.adjusted() - largest.adjusted()) > SPREAD:
            raise Limit("limit: precision")
        total = _C.add(total, term)
        if term.copy_abs() > largest:
            largest = term.copy_abs()
    return _ZERO if negligible(total, largest) else total


def _times(first: Complex, second: Complex) -> Complex:
    (a, b), (c, d) = first, second
    if not b and not d:
        return _C.multiply(a, c), _ZERO
    real = _sum([_C.multiply(a, c), _C.multiply(b, d).copy_negate()], keep=False)
    return real, _sum([_C.multiply(a, d), _C.multiply(b, c)], keep=False)


def _inverse(number: Complex) -> Complex:
    a, b = number
    if not b:
        if not a:
            raise Undefined
        return _C.divide(_ONE, a), _ZERO
    size = _C.add(_C.multiply(a, a), _C.multiply(b, b))
    return _C.divide(a, size), _C.minus(_C.divide(b, size))


def _power(base: Complex, exponent: Complex, fuel: Fuel) -> Complex:
    times, imaginary = exponent
    if _vanishes(times, SPREAD) or _vanishes(imaginary, AGREE // 2 - 3):
        raise Limit("limit: precision")
    if not imaginary and times == times.to_integral_value(context=_C) and times.copy_abs() < 10**9:
        if times == -1:
            fuel.spend(2)
            return _inverse(base)
        if not base[1]:
            fuel.spend(4)
            if not base[0] and times <= 0:
                raise Undefined
            return _C.power(base[0], times), _ZERO
        if times.copy_abs() <= 1000:
            return _integer_power(base, int(times), fuel)
    if not (base[0] or base[1]):
        if imaginary or times <= 0:
            raise Undefined
        return _ZERO, _ZERO
    if base == (_E, _ZERO):
        return _elementary("exp", [exponent], fuel)
    if not base[1] and not imaginary and base[0] > 0:
        fuel.spend(150)
        return _C.power(base[0], times), _ZERO
    return _elementary("exp", [_times(exponent, _logarithm(base, fuel))], fuel)


def _integer_power(base: Complex, times: int, fuel: Fuel) -> Complex:
    result: Complex = (_ONE, _ZERO)
    square = base if times > 0 else _inverse(base)
    times = abs(times)
    while times:
        fuel.spend(8)
        if times & 1:
            result = _times(result, square)
        times >>= 1
        square = _times(square, square) if times else square
    return result


def _root(radicand: Complex, degree: Complex, fuel: Fuel) -> Complex:
    if degree == (_TWO, _ZERO) and not radicand[1]:
        fuel.spend(6)
        if radicand[0] >= 0:
            return _C.sqrt(radicand[0]), _ZERO
        return _ZERO, _C.sqrt(radicand[0].copy_negate())
    inverse = _inverse(degree)
    if not radicand[1] and radicand[0] < 0 and _C.remainder(degree[0], _TWO) == 1:
        real, imaginary = _power((radicand[0].copy_negate(), _ZERO), inverse, fuel)
        return real.copy_negate(), imaginary
    return _power(radicand, inverse, fuel)


def _logarithm(number: Complex, fuel: Fuel) -> Complex:
    fuel.spend(80)
    a, b = number
    if not b:
        if not a:
            raise Undefined
        size = a.copy_abs()
        near_one = _C.subtract(size, _ONE).adjusted() < 5 - DIGITS
        return _ZERO if near_one else _C.ln(size), _ZERO if a > 0 else _C.plus(_PI)
    fuel.spend(80)
    size = _C.divide(_C.ln(_C.add(_C.multiply(a, a), _C.multiply(b, b))), _TWO)
    if not a:
        return size, _C.plus(_HALF_PI) if b > 0 else _C.minus(_HALF_PI)
    angle = _arctan(_C.divide(b, a))
    if a < 0:
        angle = _C.add(angle, _PI if b > 0 else _PI.copy_negate())
    return size, angle


def _elementary(name: str, args: list[Complex], fuel: Fuel) -> Complex:
    if name == "exp":
        fuel.spend(40)
        size = _C.exp(args[0][0])
        if not args[0][1]:
            return size, _ZERO
        fuel.spend(60)
        sine, cosine = _sine_cosine(args[0][1])
        return _C.multiply(size, cosine), _C.multiply(size, sine)
    if name == "abs":
        a, b = args[0]
        return (_C.sqrt(_C.add(_C.multiply(a, a), _C.multiply(b, b))) if b else a.copy_abs()), _ZERO
    logarithm = _logarithm(args[0], fuel)
    if name == "ln":
        return logarithm
    base = _logarithm(args[1], fuel) if len(args) > 1 else (_C.ln(Decimal(10)), _ZERO)
    return _times(logarithm, _inverse(base))


def _sine_cosine(angle: Decimal) -> tuple[Decimal, Decimal]:
    if angle.copy_abs() > _FARTHEST:
        raise Limit("limit: angle")
    turns = _WIDE.divide(angle, _HALF_PI).to_integral_value(context=_C)
    rest = _C.plus(_WIDE.subtract(angle, _WIDE.multiply(turns, _HALF_PI)))
    if rest.adjusted() < -AGREE:
        rest = _ZERO
    square = _C.multiply(rest, rest)
    sine, cosine = rest, _ONE
    odd, even = rest, _ONE
    for n in range(1, 40):
        even = _C.divide(_C.multiply(even, square), Decimal(-2 * n * (2 * n - 1)))
        odd = _C.divide(_C.multiply(odd, square), Decimal(-2 * n * (2 * n + 1)))
        cosine, sine = _C.add(cosine, even), _C.add(sine, odd)
        if not even or even.adjusted() < -DIGITS - 5:
            break
    less_sine, less_cosine = sine.copy_negate(), cosine.copy_negate()
    return ((sine, cosine), (cosine, less_sine), (less_sine, less_cosine), (less_cosine, sine))[int(turns) % 4]


def _arctan(number: Decimal) -> Decimal:
    if number.copy_abs() > 1:
        rest = _arctan(_C.divide(_ONE, number))
        return _C.subtract(_HALF_PI if number > 0 else _HALF_PI.copy_negate(), rest)
    for _ in range(3):
        number = _C.divide(number, _C.add(_ONE, _C.sqrt(_C.add(_ONE, _C.multiply(number, number)))))
    square, term, total = _C.multiply(number, number), number, number
    for n in range(1, 60):
        term = _C.multiply(term, square).copy_negate()
        total = _C.add(total, _C.divide(term, Decimal(2 * n + 1)))
        if not term or term.adjusted() < number.adjusted() - DIGITS:
            break
    return _C.multiply(total, Decimal(8))


def _arcsin(number: Decimal) -> Decimal:
    if number.copy_abs() > 1:
        raise Undefined
    if number.copy_abs() == 1:
        return _C.multiply(number, _HALF_PI)
    return _arctan(_C.divide(number, _C.sqrt(_C.subtract(_ONE, _C.multiply(number, number)))))


def _quotient(above: Decimal, below: Decimal) -> Decimal:
    if not below or below.adjusted() < -AGREE:
        raise Undefined
    return _C.divide(above, below)


def _tangent(number: Decimal) -> Decimal:
    sine, cosine = _sine_cosine(number)
    return _quotient(sine, cosine)


def _cotangent(number: Decimal) -> Decimal:
    sine, cosine = _sine_cosine(number)
    return _quotient(cosine, sine)


def _sinh(number: Decimal) -> Decimal:
    return _C.divide(_sum([_C.exp(number), _C.exp(number.copy_negate()).copy_negate()]), _TWO)


def _cosh(number: Decimal) -> Decimal:
    return _C.divide(_sum([_C.exp(number), _C.exp(number.copy_negate())]), _TWO)


def _tanh(number: Decimal) -> Decimal:
    if number.copy_abs() > SPREAD:
        raise Limit("limit: precision")
    return _quotient(_sinh(number), _cosh(number))


def _floor(number: Decimal) -> Decimal:
    near = number.to_integral_value(context=_C)
    if number != near and negligible(_C.subtract(number, near), near or _ONE):
        return near
    return number.to_integral_value(rounding=ROUND_FLOOR)


_REAL: dict[str, Callable[[Decimal], Decimal]] = {
    "sin": lambda x: _sine_cosine(x)[0],
    "cos": lambda x: _sine_cosine(x)[1],
    "tan": _tangent,
    "cot": _cotangent,
    "sec": lambda x: _quotient(_ONE, _sine_cosine(x)[1]),
    "csc": lambda x: _quotient(_ONE, _sine_cosine(x)[0]),
    "arcsin": _arcsin,
    "arccos": lambda x: _sum([_C.plus(_HALF_PI), _arcsin(x).copy_negate()]),
    "arctan": _arctan,
    "arccot": lambda x: _sum([_C.plus(_HALF_PI), _arctan(x).copy_negate()]),
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "floor": _floor,
    "ceil": lambda x: _floor(x.copy_negate()).copy_negate(),
}


_STEPS = frozenset(("floor", "ceil"))
KNOWN = frozenset(_REAL) | {"add", "mul", "pow", "root", "degree", "percent", "exp", "ln", "log", "abs"}


def _opaque(name: str, args: list[Complex]) -> Decimal:
    """A value for a function that is not known: the same for the same arguments, and else another."""
    shown = ",".join(f"{_rounded(re)}:{_rounded(im)}" for re, im in args)
    drawn = zlib.crc32(f"{name}({shown})".encode("utf-8", "surrogatepass"))
    return _C.add(_ONE, _C.multiply(Decimal(drawn), _UNIT))


def _rounded(number: Decimal) -> str:
    return str(_ROUGH.plus(number).normalize(_ROUGH))
