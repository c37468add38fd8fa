"""Letters of words: first, last and n-th, backwards, how many, how often one, order, longest; five shots, generated."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from benchcore import Decode, Row, Sample, Task, accuracy, chat, exact, generated, loss, nats_per_answer

ITEMS, SHOTS = 50, 5
WORDS = """
    add age air art ask bag bar bat bed bee big bit box boy bus buy can cap car cat cow cup cut day dog dry ear
    eat egg end eye far fat few fit fly fog fun gas get hat hen hot ice ink jam job joy key kit lap leg lid map
    mix mud net new nut oak oil old one owl pan pen pet pig pot red row run sad sea sky son sun tea ten tie top
    toy two van war way web wet win zoo able arch army baby back ball band bank bean bear bell belt bird blue
    boat body bone book bowl cake camp card cart cave city clay coal coat coin cold cook corn crab crow dark
    deer desk dish door drum duck dust east exit face farm fern fish flag foam folk food foot fork frog fuel
    game gate gift girl glue goat gold golf gray hall hand harp hawk hill hook horn idea iron jazz kite knee
    knot lake lamp lawn leaf lion loaf lock maid mask meat milk mint moon nail neck nest noon nose note oven
    palm park path pear pipe plum pond port rain rice ring road rock roof rope rose ruby sail salt sand seed
    shoe silk sink snow soap sock song soup star stem swan tail tent tide town tree tube tuna twin unit vase
    vest view wall wasp wave well west wing wolf wood wool yard zero apple beach bench bread brick bring brown
    brush cabin candy chair chalk cheek chess child clock cloud coach coast crowd dance dream dress eagle earth
    field flame floor flute force frame fresh fruit giant glass glove grain grape grass green heart honey horse
    hotel house juice knife laugh lemon light lunch maple metal model money month mouse mouth music night north
    novel nurse ocean onion paint paper party peach piano pilot plane plant plate quiet radio river robot round
    salad scale shark sheep shell shirt skirt smile smoke snake south space spoon sport stone storm sugar table
    tiger toast tooth torch towel tower train truck uncle visit voice wagon watch water wheat wheel white world
    young zebra animal autumn banana basket bottle bridge butter camera candle carpet circle cotton cousin
    desert dinner doctor engine farmer finger garden hammer helmet insect island jacket jungle letter marble
    market meadow mirror monkey museum number office orange peanut pepper planet pocket potato rabbit reason
    recipe record rocket season secret shadow silver sister spider spring summer temple ticket tomato tunnel
    violin walnut window winter wonder yellow address airport ancient balance balloon battery bedroom bicycle
    blanket brother builder cabbage captain carrier ceiling century chapter chicken classic climate college
    comfort concert cottage council country culture curtain disease distant dolphin drawing eastern economy
    evening example factory fashion feather fortune freedom general giraffe glacier grammar harbour history
    holiday horizon hundred husband imagine journey justice kitchen leather lecture library machine manager
    measure meeting message million morning mystery natural network opinion orchard organic outside package
    painter pattern penguin perfect picture plastic popular present printer problem product project protein
    purpose quality quarter railway rainbow reality regular scholar science section serious shelter silence
    soldier special station stomach storage student surface teacher theater thunder tobacco traffic uniform
    unknown vehicle village visitor volcano warning weather weekend western whisper witness aircraft backyard
    baseball birthday broccoli building calendar champion children cinnamon computer creature customer daughter
    daylight dinosaur doorbell elephant envelope exchange feathers festival fireside football forehead fountain
    goldfish graduate hospital keyboard landmark language lemonade magazine medicine midnight mosquito mountain
    mushroom necklace northern notebook painting passport platform possible sandwich scissors sentence shoulder
    skeleton snowball starfish stranger sunlight swimming thousand tomorrow treasure triangle umbrella vacation
    yourself
""".split()  # noqa: SIM905  # 610 words, too many to quote
OF_SIZE = {size: [word for word in WORDS if len(word) == size] for size in range(3, 9)}
SIZES = {"short": (3, 4, 5), "long": (6, 7, 8)}
NUMBERS = ("no words", "one word", "two words", "three words")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")

# the share of the commonest answer among 10,000; where the question names its options, one of them
CHANCE = {
    "first letter, short": 0.10,
    "first letter, long": 0.13,
    "last letter, short": 0.16,
    "last letter, long": 0.20,
    "n-th letter, short": 0.19,
    "n-th letter, long": 0.13,
    "backwards, short": 0.01,
    "backwards, long": 0.01,
    "length, short": 1 / 3,
    "length, long": 1 / 3,
    "occurrences, short": 0.48,
    "occurrences, long": 0.40,
    "order, two words": 1 / 2,
    "order, three words": 1 / 3,
    "longest, two words": 1 / 2,
    "longest, three words": 1 / 3,
}

Item = TypeVar("Item")
Made = tuple[str, str]
"""A question and its answer."""

# of `random` only the numbers in [0, 1) are the same in every version of Python


def one(rng: random.Random, values: Sequence[Item]) -> Item:
    return values[int(rng.random() * len(values))]


def first(rng: random.Random, word: str) -> Made:
    return f"What is the first letter of the word {word}?", word[0]


def last(rng: random.Random, word: str) -> Made:
    return f"What is the last letter of the word {word}?", word[-1]


def nth(rng: random.Random, word: str) -> Made:
    at = one(rng, range(1, len(word) - 1))
    return f"What is the {ORDINALS[at]} letter of the word {word}?", word[at]


def backwards(rng: random.Random, word: str) -> Made:
    return f"What is the word {word} spelled backwards?", "".join(reversed(word))


def length(rng: random.Random, word: str) -> Made:
    return f"How many letters are in the word {word}?", str(len(word))


def occurrences(rng: random.Random, word: str) -> Made:
    often = sorted({letter for letter in word if word.count(letter) > 1})
    once = sorted({letter for letter in word if word.count(letter) == 1})
    never = sorted(set("abcdefghijklmnopqrstuvwxyz") - set(word))
    letter = one(rng, one(rng, [letters for letters in (often, once, never) if letters]))
    return f"How many times is the letter {letter} in the word {word}?", str(word.count(letter))


def several(rng: random.Random, count: int) -> list[str]:
    """Words of which no two are equally long."""
    found: list[str] = []
    while len(found) < count:
        word = one(rng, WORDS)
        if len(word) not in map(len, found):
            found.append(word)
    return found


def earliest(rng: random.Random, words: Sequence[str]) -> Made:
    return f"Which word comes first in the alphabet, {' or '.join(words)}?", min(words)


def longest(rng: random.Random, words: Sequence[str]) -> Made:
    return f"Which word is the longest, {' or '.join(words)}?", max(words, key=len)


OF_A_WORD: dict[str, Callable[[random.Random, str], Made]] = {
    "first letter": first,
    "last letter": last,
    "n-th letter": nth,
    "backwards": backwards,
    "length": length,
    "occurrences": occurrences,
}
OF_SEVERAL: dict[str, Callable[[random.Random, Sequence[str]], Made]] = {"order": earliest, "longest": longest}


def drawn(seed: int, group: str, items: int) -> Iterator[Made]:
    """Questions of `group` with their answers; some may be the same."""
    rng = random.Random(f"{seed}/{group}")
    skill, of = group.split(", ")
    for _ in range(items):
        if skill in OF_A_WORD:
            yield OF_A_WORD[skill](rng, one(rng, OF_SIZE[one(rng, SIZES[of])]))
        else:
            yield OF_SEVERAL[skill](rng, several(rng, NUMBERS.index(of)))


def rows(seed: int) -> list[Row]:
    made: list[Row] = []
    for group in CHANCE:
        # a question that is drawn again is no new item
        pairs = list(dict.fromkeys(drawn(seed, group, 4 * (SHOTS + ITEMS))))[: SHOTS + ITEMS]
        for place, (asked, answer) in enumerate(pairs[SHOTS:]):
            name = f"{group.replace(', ', '-').replace(' ', '-')}-{place}"
            made.append({"id": name, "group": group, "question": asked, "answer": answer, "shots": pairs[:SHOTS]})
    return made


def sample(row: Row) -> Sample:
    shots = "".join(f"Q: {asked}\nA: {answer}\n\n" for asked, answer in row["shots"])
    prompt = f"{shots}Q: {row['question']}\nA:"
    return Sample(id=row["id"], prompt=prompt, target=row["answer"], group=row["group"])


def scored(row: Row) -> Sample:
    return replace(sample(row), continuations=(f" {row['answer']}",))


def instruct(row: Row) -> Sample:
    return replace(sample(row), prompt=chat(row["shots"], row["question"]))


TASK = Task(
    version=1,
    rows=generated(rows),
    sample=sample,
    decode=Decode(max_tokens=16, stop=("\n",)),
    grader=exact(),
    metrics=(accuracy(chance=CHANCE),),
)

VARIANTS = {
    "instruct": replace(TASK, sample=instruct, decode=Decode(max_tokens=32)),
    "loss": replace(TASK, sample=scored, decode=None, grader=loss(), metrics=(nats_per_answer(),)),
}
