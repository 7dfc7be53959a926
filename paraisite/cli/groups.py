"""The verbs in groups, as ``--help`` lists them."""

from typing import Any, Final

from typer.core import TyperGroup

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "Predict and screen": ("predict", "explain", "app", "screen", "select", "verify"),
    "Train and evaluate": (
        "step1",
        "step2",
        "step3",
        "rwaft",
        "train",
        "recipes",
        "fit",
        "pretrain",
        "tune",
        "release",
        "cross-validate",
        "evaluate",
        "compare",
        "overlap",
        "backbones",
        "transfer",
        "replay",
    ),
    "Data": ("data", "prepare"),
    "Labels": ("label", "build-labels", "check"),
    "Figures and pages": ("figure", "statistics", "report"),
    "About this installation": ("version", "doctor"),
}
"""By what a reader is after, in the order of use; the first group is what most come for."""


class GroupedVerbs(TyperGroup):
    """A command whose ``--help`` lists its verbs below headings."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each group; verbs that no group names come last."""
        shown = {
            name: verb for name in self.list_commands(ctx) if (verb := self.get_command(ctx, name)) and not verb.hidden
        }
        width = max(map(len, shown), default=0)
        others = tuple(name for name in shown if not any(name in names for names in GROUPS.values()))
        for title, names in (GROUPS | {"More": others}).items():
            limit = formatter.width - 6 - width
            lines = [(name.ljust(width), shown[name].get_short_help_str(limit)) for name in names if name in shown]
            if lines:
                with formatter.section(title):
                    formatter.write_dl(lines)
