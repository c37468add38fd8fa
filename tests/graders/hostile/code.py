"""Answers that do something if anything evaluates them: they leave a file or an environment variable PWNED."""

import base64
import pickle
from os import system

from .case import BOTH, Case, case

FILE = "PWNED"


class Bomb:
    """Pickles to a call."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return system, (f"touch {FILE}",)


# Python that does harm as it stands: `test_hostile` proves it on each of them.
EXPRESSIONS = (
    "__import__('os').system('touch PWNED')",
    '__import__("os").system("touch PWNED")',
    "open('PWNED','w')",
    "open('PWNED','w').write('7')",
    "open(chr(80)+chr(87)+chr(78)+chr(69)+chr(68),chr(119))",
    'eval(\'open("PWNED","w")\')',
    'exec(\'open("PWNED","w")\')',
    "(lambda: open('PWNED','w'))()",
    "[open('PWNED','w') for x in [1]]",
    "7+0*len(str(open('PWNED','w')))",
    "print(7,file=open('PWNED','w'))",
    "''.join(str(open('PWNED','w')))",
    "{open('PWNED','w'): 7}",
    "f\"{open('PWNED','w')}\"",
    "7 if open('PWNED','w') else 8",
    "__import__('subprocess').run(['touch','PWNED'])",
    "__import__('pathlib').Path('PWNED').touch()",
    "__import__('os').environ.__setitem__('PWNED','1')",
    "__import__('os').environ.update(PWNED='1')",
    "().__class__.__base__.__subclasses__() and open('PWNED','w')",
    "getattr(__import__('os'),'sys'+'tem')('touch PWNED')",
    "globals().update(x=open('PWNED','w'))",
    "compile('open(\"PWNED\",\"w\")','x','eval') and eval('open(\"PWNED\",\"w\")')",
    "type('X',(),{'__init__':lambda s: open('PWNED','w').close()})()",
    "__builtins__ and open('PWNED','a')",
    "(x:=open('PWNED','w'))",
    "sorted([1],key=lambda x: bool(open('PWNED','w')))",
    f"__import__('pickle').loads({pickle.dumps(Bomb(), protocol=0)!r})",
)

# What some other reader than Python's `eval` might act on.
OTHER = (
    "lambdify(x, \"open('PWNED','w')\")(1)",
    'sympify(\'__import__("os").system("touch PWNED")\')',
    "parse_expr(\"open('PWNED','w')\")",
    "Symbol('x').func.__globals__['open']('PWNED','w')",
    "x.__class__.__init__.__globals__['os'].system('touch PWNED')",
    "Integral(open('PWNED','w'), x)",
    "\\operatorname{__import__}(\\text{'os'}).\\operatorname{system}(\\text{'touch PWNED'})",
    "7; import os; os.system('touch PWNED')",
    "7\nimport os\nos.system('touch PWNED')",
    "os._exit(0)",
    "exit()",
    "quit()",
    "raise SystemExit",
    "__import__('os')._exit(0)",
    "$(touch PWNED)",
    "`touch PWNED`",
    "7; touch PWNED",
    "'; touch PWNED; '",
    "| touch PWNED",
    "${jndi:ldap://localhost/x}",
    "{0.__class__.__init__.__globals__}",
    "{self.__class__}",
    "{!r:>99999999}",
    "%s%s%s%n%n%99999999d",
    "%(x)s",
    "{{7*1}}",
    "{% for x in range(99999999) %}7{% endfor %}",
    "!!python/object/apply:os.system ['touch PWNED']",
    base64.b64encode(pickle.dumps(Bomb())).decode(),
    pickle.dumps(Bomb(), protocol=0).decode(),
    "import('fs').then(f => f.writeFileSync('PWNED',''))",
    "<script>alert(7)</script>",
    "'; DROP TABLE answers; --",
    "\\\\?\\C:\\PWNED",
    "file:///dev/zero",
    "../../../../dev/zero",
    "@/dev/zero",
)

TEX = (
    "\\def\\x{\\x\\x}\\x",
    "\\def\\x#1{#1\\x{#1#1}}\\x{7}",
    "\\newcommand{\\a}{\\a\\a}\\a",
    "\\renewcommand{\\frac}[2]{7}\\frac{1}{2}",
    "\\loop\\iftrue 7\\repeat",
    "\\input{/dev/zero}",
    "\\include{PWNED}",
    "\\write18{touch PWNED}",
    "\\immediate\\write18{touch PWNED}",
    "\\immediate\\openout15=PWNED \\immediate\\closeout15",
    "\\directlua{os.execute('touch PWNED')}",
    "\\ShellEscape{touch PWNED}",
    "\\csname boxed\\endcsname{7}",
    "\\expandafter\\def\\csname x\\endcsname{7}\\x",
    "\\catcode`\\{=12 7}",
    "\\catcode`\\$=13 $7$",
    "\\let\\frac\\undefined \\frac{7}{1}",
    "\\uppercase{\\lowercase{\\romannumeral 99999999}}",
    "\\number\\numexpr 3+4\\relax",
    "\\begin{document}7\\end{document}",
    "\\verb|}|7",
    "\\phantom{8}7\\hphantom{9}",
    "\\rule{99999999cm}{99999999cm}",
    "\\hspace{99999999pt}",
    "\\special{ps: quit}",
    "\\endinput",
    "%\\boxed{8}\n",
    "\\char`\\7",
    "\\everymath{7}",
    "\\halign{#\\cr 7\\cr}",
)


def shapes(payload: str, number: int) -> Case:
    """The payload in one of several dresses, by turns, so that each dress meets many payloads."""
    dresses = (
        f"So the answer is $\\boxed{{{payload}}}$.",
        f"The answer is {payload}",
        f"#### {payload}",
        f"\\boxed{{\\text{{{payload}}}}}",
        f"Final Answer: The final answer is ${payload}$. I hope it is correct.",
        f"```output\n{payload}\n```",
        f"**Answer:** {payload}",
        f"\\[ x = {payload} \\]",
    )
    text = dresses[number % len(dresses)]
    return case(f"{number}: {payload[:50]!r}", lambda: text, gold="x", right=False, kinds=BOTH)


CASES: tuple[Case, ...] = (
    *(shapes(payload, number) for number, payload in enumerate(EXPRESSIONS)),
    *(shapes(payload, number) for number, payload in enumerate(EXPRESSIONS, 107)),
    *(shapes(payload, number) for number, payload in enumerate(OTHER, 200)),
    *(shapes(payload, number) for number, payload in enumerate(TEX, 300)),
    *(shapes(payload, number) for number, payload in enumerate(TEX, 403)),
)
