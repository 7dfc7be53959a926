"""Fenced blocks of the documentation's pages, and the commands in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = tuple(
    str(path.relative_to(ROOT))
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "benchmarks/README.md",
        *sorted(ROOT.glob("docs/*.md")),
    )
)
NOT_RUN: Final = "# not run by the tests"
_FENCE: Final = re.compile(r"^```(?P<language>[\w{}-]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_ANY_VERB: Final = "python -m paraisite "


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: Behind the opening fence.
        text: Between the fences.
        output: The ``text`` block that follows with nothing between, or None.
        line: Number of its first line in the page.
    """

    language: str
    text: str
    output: str | None
    line: int


def text_of(page: str) -> str:
    return (ROOT / page).read_text()


def blocks_of(page: str) -> list[Block]:
    """Return a page's fenced blocks in order."""
    text = text_of(page)
    fences = list(_FENCE.finditer(text))
    blocks = []
    for fence, following in zip(fences, [*fences[1:], None][: len(fences)], strict=True):
        shown = (
            following is not None
            and following["language"] == "text"
            and not text[fence.end() : following.start()].strip()
        )
        line = text[: fence.start()].count("\n") + 2
        blocks.append(Block(fence["language"], fence["text"], following["text"] if shown and following else None, line))
    return blocks


def commands_of(block: Block) -> Iterator[list[str]]:
    """Yield the commands of a shell block as lists of words, those joined by ``&&`` one by one."""
    if block.language != "bash":
        return
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while "&&" in words:
            place = words.index("&&")
            yield words[:place]
            words = words[place + 1 :]
        if words:
            yield words


def paraisite_commands(page: str) -> list[tuple[int, list[str]]]:
    """Return the arguments of every ``python -m paraisite …`` in a page's shell blocks, each with its block's line."""
    return [
        (block.line, without_redirection(words[3:]))
        for block in blocks_of(page)
        for words in commands_of(block)
        if words[:3] == ["python", "-m", "paraisite"]
    ]


def without_redirection(words: list[str]) -> list[str]:
    """Return words without ``< FILE`` and a closing ``&``."""
    if "<" in words:
        place = words.index("<")
        words = words[:place] + words[place + 2 :]
    return words[:-1] if words[-1:] == ["&"] else words


def named_in_prose(page: str) -> set[str]:
    """Return what stands behind ``python -m paraisite`` in a page's inline code, placeholders and all."""
    prose = _FENCE.sub("", text_of(page))
    inline = (" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose))
    return {code.removeprefix(_ANY_VERB) for code in inline if code.startswith(_ANY_VERB)}
