"""What the settings of several commands are made of: lists of names, counts, times."""

import re
from collections.abc import Iterable

from benchcore.errors import ConfigError


def split_names(given: Iterable[str]) -> tuple[str, ...]:
    """Names in the order given, each once; one text may hold several, separated by commas."""
    names = (name.strip() for text in given for name in text.split(",") if name.strip())
    return tuple(dict.fromkeys(names))


def check_counts(config: object, *names: str) -> None:
    """Raise `ConfigError` for a field of `config` among `names` that is given and below 1."""
    for name in names:
        value = getattr(config, name)
        if value is not None and value < 1:
            raise ConfigError(f"{name} must be 1 or more, got {value}")


def duration(text: str) -> float:
    """The seconds that a text such as 90s, 30m, 1.5h or 1h30m means. Raises `ConfigError` for any other."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ConfigError(f"budget must be a time such as 90s, 30m or 2h, got {text!r}")
    return sum(float(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] for number, unit in parts)


def in_words(seconds: float) -> str:
    """A time in words: 45 s, 12 min, 2 h 5 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
