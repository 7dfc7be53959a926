"""Passwords, keys and tokens of the environment, and texts without them."""

import logging
import os
import re
from collections.abc import Mapping
from typing import Any, Final, TextIO
from urllib.parse import unquote

HIDDEN: Final = "***"
"""What stands in a text in place of a secret."""

_SHORTEST: Final = 6
"""Shorter values would be found in every second line; in an address they are hidden all the same."""

_SECRET_NAME: Final = re.compile(
    r"(api_?key|access_?key(_?id)?|token|secret|password|passwd|passphrase|credentials?)$", re.IGNORECASE
)
_USER_OF_ADDRESS: Final = re.compile(r"(?<=://)([^\s/?#:@]*)(?::([^\s/?#]*|(?!\d+[/?#])[^\s'\"]*))?@")
"""Databases take passwords with a slash, a question or a hash mark as they are; a number before one is a port."""

_QUERY: Final = re.compile(
    r"((?<=[?&;])[\w.-]*(?:token|pass(?:word|wd|phrase)|pwd|secret|key|sig|signature|credentials?)="
    r"|(?:pwd|password)%3d)([^&;%\s'\"]+)",
    re.IGNORECASE,
)
"""Parameters of an address; those of ODBC are themselves encoded in one."""

_USER_WITHOUT_SCHEME: Final = re.compile(r"[^\s/?#:@]+:([^\s/?#@]+)@[^\s@]+")
"""An address whose scheme was forgotten."""


_OF_ADDRESSES: Final = ("URI", "URL", "ADDRESS")
"""How the names of variables end that hold an address."""


def names_secret(name: str) -> bool:
    """Return whether a variable or setting of this name holds a secret."""
    return _SECRET_NAME.search(name) is not None


def find_secrets(environment: Mapping[str, str] | None = None) -> set[str]:
    """Return the secrets that variables hold: values of those named like one, passwords in addresses.

    Args:
        environment: Variables; None for those of this process.
    """
    found: set[str] = set()
    for name, value in (os.environ if environment is None else environment).items():
        if names_secret(name):
            found.add(value)
        if "://" in value:
            found |= {password or user for user, password in _USER_OF_ADDRESS.findall(value)}
            found |= {secret for _, secret in _QUERY.findall(value)}
        elif name.upper().endswith(_OF_ADDRESSES) and (named := _USER_WITHOUT_SCHEME.fullmatch(value)):
            found.add(named[1])
    found |= {unquote(secret) for secret in found}
    return {secret for secret in found if len(secret) >= _SHORTEST}


def hide_secrets(text: str) -> str:
    """Return a text without the secrets of the environment, and without user and password in any address."""
    for secret in sorted(find_secrets(), key=len, reverse=True):
        if secret.isalpha() or secret.isdigit():  # a word or a number may be a part of others
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])", HIDDEN, text)
        else:
            text = text.replace(secret, HIDDEN)
    if "://" not in text:
        return text
    return _USER_OF_ADDRESS.sub(f"{HIDDEN}@", _QUERY.sub(rf"\g<1>{HIDDEN}", text))


class DiscreetFormatter(logging.Formatter):
    """A formatter whose texts, those of tracebacks among them, hold no secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text."""
        return hide_secrets(super().format(record))


class DiscreetStream:
    """A text stream that hides secrets in what is written: messages of other packages and tracebacks among it."""

    def __init__(self, stream: TextIO) -> None:
        """Wrap a stream; everything but writing is its own."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text without secrets."""
        shown = hide_secrets(text)
        try:
            self._stream.write(shown)
        except UnicodeEncodeError:  # a name that is no text, or a stream that knows few characters
            encoding = self._stream.encoding
            self._stream.write(shown.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
