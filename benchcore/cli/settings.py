"""Settings from TOML: a table for each command, its flags as keys; a flag on the command line wins."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import App, ArgumentCollection
from cyclopts.config import Dict

from benchcore.errors import ConfigError, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The tables below `root` of the TOML file `file` in the current folder, where there is one.

    Called by cyclopts for each command. Raises `ConfigError` for what is not TOML, for a table that belongs to
    no command of `program`, and for a key that is no flag of the command at hand.
    """

    program: App
    file: str
    root: tuple[str, ...] = ()

    def __call__(self, app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
        """Give `arguments` the values that the file has for the command."""
        tables = self._read()
        where = "".join(f"{name}." for name in self.root)
        known = sorted(name for name in self.program if not name.startswith("-"))
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise ConfigError(
                    f"{self.file}: the setting {where}{name} stands outside of a command's table",
                    f"write it below [{where}eval] or another command",
                )
            if name not in known:
                raise ConfigError(f"{self.file}: [{where}{name}] is no command of benchcore", nearest(name, known))
        section: Any = tables
        for name in commands:
            section = section.get(name, {})
            if not isinstance(section, dict):
                raise ConfigError(f"{self.file}: {where}{'.'.join(commands)} must be a table of settings")
        flags = {name.removeprefix("--") for argument in arguments for name in argument.names if name[:2] == "--"}
        for key in section:
            if key.replace("_", "-") not in flags and key not in app:
                raise ConfigError(
                    f"{self.file}: [{where}{'.'.join(commands)}] has the unknown setting {key!r}",
                    nearest(key, {flag.replace("-", "_") for flag in flags}),
                )
        Dict(tables, source=self.file)(app, commands, arguments)

    def _read(self) -> dict[str, Any]:
        try:
            found: Any = tomllib.loads(Path(self.file).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.file} is not valid TOML: {error}") from error
        except OSError as error:
            raise ConfigError(f"{self.file} cannot be read: {error.strerror}") from error
        for name in self.root:
            found = found.get(name, {}) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise ConfigError(f"{self.file}: [{'.'.join(self.root)}] must be a table")
        return found
