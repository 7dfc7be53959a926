"""TensorFlow, imported once with the compiler settings that this network needs.

XLA reads its flags from the environment when TensorFlow is loaded, so they are set here, before the only import.
Modules that use TensorFlow write ``from paraisite.models.runtime import tf``.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Final

logger = logging.getLogger(__name__)

# XLA stops the process at a flag it does not know, so these are given only to the version they were tried with.
# Both were measured on the training step of one member at batch 8, on a machine that was busy with other work: wider
# vectors saved about a tenth; without the YNN library, whose set-up per call is long beside such small products, a
# gradient took about a quarter less time, though not in every try.
_TRIED_TENSORFLOW: Final = "2.21."
_XLA_CPU_FLAGS: Final = (
    "--xla_cpu_prefer_vector_width=512",
    "--xla_cpu_experimental_ynn_fusion_type=-LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT",
)


def _set_environment() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if metadata.version("tensorflow").startswith(_TRIED_TENSORFLOW):
        # The user's own flags come last and so win.
        os.environ["XLA_FLAGS"] = " ".join((*_XLA_CPU_FLAGS, os.environ.get("XLA_FLAGS", ""))).strip()


@contextmanager
def _silenced_start() -> Iterator[None]:
    """Keep off the terminal what TensorFlow prints before its logging is set up; no setting reaches that."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        try:
            yield
        except BaseException:
            messages.seek(0)
            os.write(terminal, messages.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


_set_environment()

with _silenced_start():
    import tensorflow as tf


def use_threads_per_operation(n_thread: int) -> None:
    """Bound the threads that share one operation; workers that run side by side want one each.

    TensorFlow takes this only before its first operation; later the call is logged and changes nothing.
    """
    try:
        tf.config.threading.set_intra_op_parallelism_threads(n_thread)
    except RuntimeError:
        logger.debug("TensorFlow is already running with its own number of threads per operation")


def has_gpu() -> bool:
    """Return whether TensorFlow sees a GPU."""
    with _silenced_start():
        return bool(tf.config.list_physical_devices("GPU"))


__all__ = ["has_gpu", "tf", "use_threads_per_operation"]
