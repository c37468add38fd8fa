"""The loop that decodes: waiting rows are admitted as places fall free, and none is lost when memory runs out."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice

import torch

from benchcore.engines import Pulse
from benchcore.engines.embedded.lane import Lane
from benchcore.engines.embedded.rows import Row
from benchcore.engines.embedded.sampling import choose
from benchcore.engines.embedded.stops import Stops
from benchcore.engines.memory import is_out_of_memory
from benchcore.errors import MachineError
from benchcore.records import Completion, Finish, cut_at_stop

GROUP = 16  # waiting rows are admitted when one place in so many is free: reading few tokens costs nearly a step


@torch.inference_mode()  # type: ignore[untyped-decorator]  # torch's decorators are untyped
def decode(
    lane: Lane, waiting: deque[Row], begin: Callable[[Row], None], stops: Stops, tie: float, pulse: Pulse
) -> Iterator[Completion]:
    """Decode all `waiting` rows, a completion each as it finishes.

    `begin` gives a row its prompt's tokens. When memory runs out, the rows under way go back to the front of those
    that wait, with what they have generated, and half as many are decoded at once from then on. Raises
    `MachineError` when it does not even suffice for one.
    """
    while waiting or lane.live:
        try:
            if waiting and lane.free and (not lane.live or lane.free >= lane.capacity // GROUP):
                count = min(lane.free, len(waiting))
                for row in islice(waiting, count):
                    if not row.prompt:
                        row.seconds = time.perf_counter()
                        begin(row)
                taken = [waiting.popleft() for _ in range(count)]
                lane.admit(taken)
            rows = lane.live
            tokens, near = choose(lane.step(), rows, tie)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            rows = []
        if not rows:
            # only here, where no frame of the failed work holds on to its tensors
            _retreat(lane, waiting)
            continue
        done = []
        pulse(len(rows))
        for row, token, close in zip(rows, tokens, near, strict=True):
            row.add(token, close)
            if (finish := stops.finish(row)) is not None:
                done.append(row)
                yield _completion(row, finish, stops)
                row.done()
        lane.drop(done, bool(waiting))


def _retreat(lane: Lane, waiting: deque[Row]) -> None:
    rows = lane.clear()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if len(rows) <= 1:
        raise MachineError(
            "there is not enough memory to decode even one request",
            "use a machine with more memory, a smaller --dtype, or a larger --memory-share",
        )
    waiting.extendleft(reversed(rows))
    lane.capacity = max(1, len(rows) // 2)


def _completion(row: Row, finish: Finish, stops: Stops) -> Completion:
    text, _ = cut_at_stop(stops.text(row.generated), row.request.decode.stop)
    return Completion(
        request=row.request.key,
        text=text,
        finish=finish,
        tokens_in=len(row.prompt),
        tokens_out=len(row.generated),
        seconds=time.perf_counter() - row.seconds,
        near_ties=row.near_ties if row.request.decode.temperature == 0 else None,
    )
