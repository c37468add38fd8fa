"""What keeps every comparison short: fixed limits and a budget of work, never a clock."""

LONGEST = 4_000  # characters of one answer
MOST_TOKENS = 3_000
DEEPEST = 60  # brackets, fractions, powers and functions inside one another
MOST_BITS = 60_000  # of numerator and denominator together
LARGEST_FACTORIAL = 3_000
LARGEST_BINOMIAL = 10_000
MOST_WORK = 60_000  # units of `Fuel`, one of which is about a microsecond


class Unreadable(Exception):
    """The text, or a part of it, has no reading here; the message says why in a few words."""


class Limit(Unreadable):
    """The text asks for more than the limits allow."""


class Undecided(Exception):
    """Both sides are understood, but whether they are equal is not."""


class Fuel:
    """A budget of work for one comparison: the same text spends the same amount on every machine."""

    __slots__ = ("left",)

    def __init__(self, amount: int = MOST_WORK) -> None:
        self.left = amount

    def spend(self, amount: int) -> None:
        """Take `amount` units (about a microsecond each) off the budget. Raises `Limit` when it is used up."""
        self.left -= amount
        if self.left < 0:
            raise Limit("limit: work")
