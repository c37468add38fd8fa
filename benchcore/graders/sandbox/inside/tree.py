"""What a process and all below it use, read from /proc."""

import contextlib
import os
import stat

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


class Tree:
    """The processes below this one, by their numbers in the /proc that was mounted when it was made.

    The descriptor stays good when /proc itself is out of sight. Raises `OSError` where there is no /proc, or a
    kernel that does not list children (CONFIG_PROC_CHILDREN).
    """

    def __init__(self) -> None:
        self.descriptor = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
        self._adopt_self()
        self._children(self._self)

    def _adopt_self(self) -> None:
        self._self = os.readlink("self", dir_fd=self.descriptor)

    def after_fork(self) -> None:
        """To be called in a process that was forked with this object: the tree now begins there."""
        self._adopt_self()

    def below(self) -> list[int]:
        """Process numbers of all descendants; those that end meanwhile may be missing."""
        found: list[str] = []
        waiting = [self._self]
        while waiting:
            children = self._children(waiting.pop())
            found += children
            waiting += children
        return [int(number) for number in found]

    def use(self) -> tuple[int, int, float]:
        """Of all descendants together: tasks (processes and threads), bytes resident, CPU seconds."""
        tasks, pages, ticks = 0, 0, 0
        for number in self.below():
            try:
                pages += int(self._read(f"{number}/statm").split()[1])
                # after the name, which may hold anything: state is field 3, utime 14 to cstime 17, threads 20
                fields = self._read(f"{number}/stat").rpartition(")")[2].split()
                ticks += sum(int(field) for field in fields[11:15])
                tasks += int(fields[17])
            except (OSError, IndexError):  # it has just ended
                continue
        return tasks, pages * _PAGE, ticks / _TICKS

    def deleted(self) -> int:
        """Bytes on disk of files that descendants hold open, but that no folder lists any more."""
        found: dict[tuple[int, int], int] = {}
        for number in self.below():
            try:
                descriptor = os.open(f"{number}/fd", os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.descriptor)
            except OSError:  # it has just ended
                continue
            try:
                for name in os.listdir(descriptor):
                    with contextlib.suppress(OSError):
                        state = os.stat(name, dir_fd=descriptor)
                        if state.st_nlink == 0 and stat.S_ISREG(state.st_mode):
                            found[state.st_dev, state.st_ino] = state.st_blocks * 512
            finally:
                os.close(descriptor)
        return sum(found.values())

    def _children(self, number: str) -> list[str]:
        found: list[str] = []
        task = f"{number}/task"
        try:
            descriptor = os.open(task, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.descriptor)
        except OSError:
            return found
        try:
            threads = os.listdir(descriptor)
        finally:
            os.close(descriptor)
        for thread in threads:
            try:
                found += self._read(f"{task}/{thread}/children").split()
            except FileNotFoundError:
                if number == self._self:  # we have not ended: this kernel does not list children
                    raise
            except OSError:
                continue
        return found

    def _read(self, path: str) -> str:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self.descriptor)
        try:
            return os.read(descriptor, 1 << 16).decode("ascii", "replace")
        finally:
            os.close(descriptor)
