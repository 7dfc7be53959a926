"""Every error that a user can cause or has to act on.

Each message names the material or file, the value that was found and what was expected instead, so that it can be
printed as it is: the command line shows these without a traceback.
"""


class ParaisiteError(Exception):
    """Base of all errors raised on purpose by this package."""


class ConfigError(ParaisiteError):
    """``params.yaml`` or an option holds an unknown key or an impossible value."""


class MissingInputError(ParaisiteError):
    """A file that this project may not ship is absent; the message says how to get it."""


class DownloadError(ParaisiteError):
    """A server could not be reached, or did not give what it was asked for."""


class DataError(ParaisiteError):
    """A table breaks its schema: a missing column, a duplicate id, a value out of range."""


class StructureError(ParaisiteError):
    """A crystal structure cannot be used: unknown element, isolated atom, partial occupancy, no volume."""


class WeightsError(ParaisiteError):
    """A weight file is damaged, of another architecture, or not the one whose hash is pinned."""


class CheckpointError(ParaisiteError):
    """A checkpoint is damaged or belongs to another model, data set or configuration."""


class TrackingError(ParaisiteError):
    """The experiment store refuses or lacks what was asked of it."""
