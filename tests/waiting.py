"""Waiting for other processes: on conditions, as nobody knows how busy the machine is that the tests run on."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

SECONDS_BETWEEN_LOOKS = 0.05


def wait_until(condition: Callable[[], Value], *, is_alive: Callable[[], bool] = lambda: True) -> Value:
    """Return what a condition gives once it holds; pytest-timeout ends a wait for what never comes.

    Args:
        condition: Something that becomes true.
        is_alive: Whether the process that is waited for still runs.

    Raises:
        RuntimeError: The process ended and the condition does not hold.
    """
    while True:
        was_alive = is_alive()
        if value := condition():
            return value
        if not was_alive:
            raise RuntimeError("the process ended before what is waited for")
        time.sleep(SECONDS_BETWEEN_LOOKS)
