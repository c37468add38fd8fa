"""Long texts: bait for scanners that look again and again, and nesting without end."""

from .case import MATHS, MILLION, Case, case, repeated

DEEP = 100_000

# What a careless scanner starts anew at every occurrence; none of the texts holds an answer that counts.
COMMON = "79x{}$,. \n\\#"
OTHERS = "[(&;\t\r\f'\"`*_^|~%=-<:/!0"
UNITS = (
    "1,1,",
    "1,",
    "-1",
    "7\n",
    "\n ",
    "\\\\",
    "\\,",
    "{}",
    "$x",
    "$$",
    "\\(",
    "\\[",
    "####",
    "#### ",
    "#### `",
    "####\n",
    "**",
    "*x*",
    "```",
    "```output\n",
    "<<1+1=2>>",
    "<think>",
    "</think>",
    "<|im_end|>",
    "answer is ",
    "The answer is is \\]",
    "The answer is `\\text{",
    "Answer: \\boxed{",
    "=7answerFinal Answer: The final answer is $",
    "The answer is\n",
    "The answer is (",
    "Answer: ",
    "the final answer is $",
    "Final Answer: The final answer is ",
    "\\boxed",
    "\\boxed{",
    "\\boxed{}",
    "\\frac",
    "\\sqrt{",
    "\\left(",
    "\\text{",
    "\\begin{pmatrix}",
    "\\begin{align*}",
    "\\cup",
    "\\pm",
    "^{",
    "2*",
    "1/",
    "1=",
    "4:",
    "7%",
    "7 cm^2 ",
    "$7",
    "\nQuestion:",
    "\n\nQ: ",
    "\nProblem:\n",
    "User: ",
    "(A) ",
    "A) ",
    "Option A ",
    "A is wrong. ",
    "A or ",
    "7 or ",
    "one hundred ",
    "million ",
    "Wait, ",
)

REPEATED: tuple[Case, ...] = (
    *(repeated(character, size=MILLION) for character in COMMON),
    *(repeated(unit) for unit in (*OTHERS, *UNITS)),
    repeated(" ", before="The answer is", after="7x"),
    repeated("\n", before="The answer is", after="."),
    repeated("9", before="The answer is ", after="", right=False),
    repeated("1,000,", before="The answer is ", after="x"),
    repeated(" ", before="####", after="."),
    repeated(" ", before="\\boxed", after="{7"),
    repeated("{", before="\\boxed{"),
    repeated("{}", before="\\boxed{"),
    repeated("\\{", before="\\boxed{"),
    repeated("x", before="\\boxed{", after="}", right=False),
    repeated("9", before="\\boxed{", after="}", right=False),
    repeated(",", before="\\boxed{7", after="}"),
    repeated(" ", before="\\boxed{7", after="}"),
    repeated("\\boxed{7}", after="\\boxed{8}", right=False),
    repeated("The answer is 7. ", after="The answer is 8.", right=False),
    repeated("#### 7\n", after="#### 8", right=False),
    repeated("Final Answer: The final answer is $7$. ", after="Final Answer: The final answer is $8$.", right=False),
    repeated("7", before="Q: ", after="\nA: "),
    repeated("x", before="The answer is 8.\n", right=None),
    repeated("$7$ ", after="$"),
    repeated("\\$", after="$8$", right=False),
    repeated("A", before="The answer is (", after=")"),
    # a right answer that has to be found in spite of it all
    repeated("x ", after="\n\nThe answer is 7.", right=True),
    repeated("The answer is 8. ", after="The answer is 7.", right=True),
    repeated("\\boxed{8} ", after="\\boxed{7}", right=True),
    repeated("#### 8\n", after="#### 7", right=True),
    repeated("\n", before="The answer is 7.", size=10_000, right=True),
    repeated("Question: ", before="The answer is 7.\n\n", size=10_000, right=True),
    repeated("\u200b", before="The answer is 7.\n\n", size=10_000, right=True),
)


def nested(opening: str, closing: str, *, core: str = "7", depth: int = DEEP, right: bool | None = None) -> Case:
    """`core` inside `depth` pairs, in a box."""
    return case(
        f"{depth} x {opening}{core}{closing}",
        lambda: "So it is $\\boxed{" + opening * depth + core + closing * depth + "}$.",
        right=right,
        kinds=MATHS,
    )


NESTED: tuple[Case, ...] = (
    nested("(", ")"),
    nested("{", "}"),
    nested("[", "]"),
    nested("\\{", "\\}"),
    nested("|", "|"),
    nested("\\left(", "\\right)"),
    nested("\\lfloor ", "\\rfloor "),
    nested("\\sqrt{", "}", right=False),
    nested("\\frac{", "}{2}", right=False),
    nested("\\frac{1}{", "}", right=False),
    nested("\\text{", "}"),
    nested("\\boxed{", "}"),
    nested("7^{", "}", right=False),
    nested("7_{", "}", right=False),
    nested("-", "", right=None),
    nested("f(", ")", right=False),
    nested("\\sin(", ")", right=False),
    nested("\\begin{pmatrix}", "\\end{pmatrix}"),
    nested("\\overline{", "}"),
    nested("$", "$"),
    nested("(", ")", depth=20, right=True),
    nested("{", "}", depth=20, right=True),
    nested("(", ")", depth=700),
    nested("{", "}", depth=700),
    nested("\\sqrt{", "}", depth=700, right=False),
    nested("\\frac{", "}{2}", depth=700, right=False),
    nested("\\text{", "}", depth=700),
    nested("x^{", "}", depth=700, right=False),
    nested("(", "", depth=2000, right=False),
    nested("", ")", depth=2000, right=False),
    # deep, yet not so deep that a look at the length alone refuses it
    *(nested("2^{", "}", depth=depth) for depth in (60, 120, 200, 400)),
    *(nested("2^{2", "}", depth=depth) for depth in (60, 120, 200, 400)),
    *(nested("(", ")", depth=depth) for depth in (60, 120, 200, 400)),
    *(nested("\\sqrt{", "}", depth=depth, right=False) for depth in (60, 120, 200, 400)),
    *(nested("1-(", ")", depth=depth) for depth in (60, 120, 200, 400)),
    nested("(1,", ")", depth=700, right=False),
    nested("\\{1,", "\\}", depth=700, right=False),
    nested("\\frac", "", depth=2000, right=False),
    nested("-(", ")", depth=699, right=False),
    nested("1-(", ")", depth=699, right=None),
)


def matrix(rows: int, columns: int, last: str = "1") -> str:
    row = "&".join(["1"] * columns)
    body = "\\\\".join([row] * (rows - 1) + [row[:-1] + last])
    return f"\\begin{{pmatrix}}{body}\\end{{pmatrix}}"


STRUCTURED: tuple[Case, ...] = (
    case("a matrix of 1000 x 1000", lambda: f"\\boxed{{{matrix(1000, 1000)}}}", right=False),
    case(
        "a matrix of 25 x 25, one entry differs",
        lambda: f"\\boxed{{{matrix(25, 25, '2')}}}",
        gold=matrix(25, 25),
        right=False,
        kinds=MATHS,
    ),
    case("a set of 100,000 elements", lambda: "\\boxed{\\{" + ",".join(map(str, range(100_000))) + "\\}}", right=False),
    case(
        "a list of 100,000 elements", lambda: "The answer is " + ", ".join(map(str, range(100_000))) + ".", right=False
    ),
    case(
        "a list of 500 expressions, reversed and one changed",
        lambda: "$\\boxed{" + ",".join(f"x+{n}" for n in range(500, 0, -1)) + "}$",
        gold=",".join(f"x+{n}" for n in range(500)),
        right=False,
        kinds=MATHS,
    ),
    case(
        "a list of 400 radicals, reversed",
        lambda: "$\\boxed{" + ",".join(f"\\sqrt{{{n}}}" for n in range(400, 0, -1)) + "}$",
        gold=",".join(f"\\sqrt{{{n}}}" for n in range(1, 401)),
        right=None,
        kinds=MATHS,
    ),
    case(
        "a union of 500 intervals",
        lambda: "$\\boxed{" + "\\cup".join(f"({2 * n},{2 * n + 1})" for n in range(500)) + "}$",
        gold="(0,1)",
        right=False,
        kinds=MATHS,
    ),
    case(
        "a union of 50,000 intervals",
        lambda: "$\\boxed{" + "\\cup".join(f"({2 * n},{2 * n + 1})" for n in range(50_000)) + "}$",
        gold="(0,1)",
        right=False,
        kinds=MATHS,
    ),
    case(
        "signs without end",
        lambda: "$\\boxed{" + ",".join("\\pm 1 \\pm 2 \\pm 3 \\pm 4" for _ in range(100)) + "}$",
        right=False,
        kinds=MATHS,
    ),
    case("many signs in one", lambda: "$\\boxed{7" + "\\pm 1" * 400 + "}$", right=False, kinds=MATHS),
    case("one line of a million words", lambda: "seven " * (MILLION // 6) + "eight", right=False, kinds=("numbers",)),
    case("a unit chain", lambda: "The answer is 8 " + "cm per " * 5000 + "s.", right=False),
    case("a currency chain", lambda: "The answer is " + "$€£" * 5000 + "8", right=False),
    case("percent of percent", lambda: "The answer is 7" + "\\%" * 5000, right=None),
    case("every rule at once", lambda: "#### \\boxed{**The answer is $(A) " * 30_000, right=None),
    case("a letter for each option", lambda: "(A) (B) (C) (D) (E) " * 40_000, right=None),
)

CASES = REPEATED + NESTED + STRUCTURED
