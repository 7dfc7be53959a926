"""Damage to files: what disks, networks, editors and other programs do to them, and what an attacker would."""

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

_MAX_SPAN: Final = 200
_NUMBER: Final = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD: Final = re.compile(rb"[A-Za-z_]{1,20}")
_NUMBERS: Final = (
    b"nan", b"inf", b"-inf", b"1e400", b"0", b"-1", b"1e-300", b"999999999999", b"0x10", b"1,5", b"1.2.3", b"", b"?",
    b".", b"9" * 4000, b"true", b"null", b"2**31",
)  # fmt: skip
_WORDS: Final = (b"", b"Xx", b"D", b"Q", b"H", b"null", b"data_", b"loop_", b"__proto__", b"H" * 5000, b"[", b"{", b'"')
_CHARACTERS: Final = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", "\u2212".encode(), "\u00a0".encode(), b"\r", b"\t", b'"', b"'", b";", b"#",
    b"\\", b"[[[[[[[[", b"\xed\xa0\x80", b"\x1b[31m",
)  # fmt: skip

Mutation = Callable[[bytes, Random], bytes]


def damage(content: bytes, random: Random, *, is_text: bool) -> bytes:
    """Return content with one to three pieces of damage, which differs from it."""
    kinds = (*_ANYWHERE, *(_IN_TEXT if is_text else ()))
    for _ in range(100):
        damaged = content
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            damaged = random.choice(kinds)(damaged, random)
        if damaged != content:
            return damaged
    return content + b"\n#"


def _flip_bit(content: bytes, random: Random) -> bytes:
    place = random.randrange(len(content) or 1)
    flipped = bytes(byte ^ 1 << random.randrange(8) for byte in content[place : place + 1])
    return content[:place] + flipped + content[place + 1 :]


def _cut_off(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) or 1)]


def _cut_out(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    return content[:start] + content[end:]


def _repeat(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    return content[:end] + content[start:end] + content[end:]


def _zero(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    return content[:start] + bytes(end - start) + content[end:]


def _move(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    rest = content[:start] + content[end:]
    place = random.randrange(len(rest) + 1)
    return rest[:place] + content[start:end] + rest[place:]


def _insert_noise(content: bytes, random: Random) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.randbytes(random.randrange(1, 20)) + content[place:]


def _replace_number(content: bytes, random: Random) -> bytes:
    return _replace(content, random, _NUMBER, _NUMBERS)


def _replace_word(content: bytes, random: Random) -> bytes:
    return _replace(content, random, _WORD, _WORDS)


def _change_digit(content: bytes, random: Random) -> bytes:
    return _replace(content, random, re.compile(rb"\d"), [b"%d" % digit for digit in range(10)])


def _swap_numbers(content: bytes, random: Random) -> bytes:
    found = list(_NUMBER.finditer(content))
    if len(found) < 2:
        return content
    return _replace(content, random, _NUMBER, [random.choice(found)[0]])


def _insert_character(content: bytes, random: Random) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.choice(_CHARACTERS) + content[place:]


def _drop_line(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    place = _one_of(lines, random)
    return b"".join(lines[:place] + lines[place + 1 :])


def _double_line(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    place = _one_of(lines, random)
    return b"".join(lines[: place + 1] + lines[place:])


def _swap_lines(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    if lines:
        one, other = _one_of(lines, random), _one_of(lines, random)
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _join_lines(content: bytes, random: Random) -> bytes:
    ends = [place for place, byte in enumerate(content) if byte == 10]
    return content if not ends else content[: (end := random.choice(ends))] + content[end + 1 :]


def _replace(content: bytes, random: Random, pattern: "re.Pattern[bytes]", by: Sequence[bytes]) -> bytes:
    found = list(pattern.finditer(content))
    if not found:
        return content
    start, end = random.choice(found).span()
    return content[:start] + random.choice(by) + content[end:]


def _span(content: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(content) + 1)
    return start, min(start + random.randrange(1, _MAX_SPAN), len(content))


def _one_of(lines: Sequence[bytes], random: Random) -> int:
    return random.randrange(len(lines) or 1)


_ANYWHERE: Final[tuple[Mutation, ...]] = (_flip_bit, _cut_off, _cut_out, _repeat, _zero, _move, _insert_noise)
_IN_TEXT: Final[tuple[Mutation, ...]] = (
    _replace_number, _replace_number, _replace_word, _change_digit, _change_digit, _swap_numbers, _insert_character,
    _drop_line, _double_line, _swap_lines, _join_lines,
)  # fmt: skip
