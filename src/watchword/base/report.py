"""What ``watchword check`` prints: each value in force, where it came from, and what is wrong, all at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from watchword.base.operator_files import SettingsRefused
from watchword.base.settings import Settings, Value


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check, to be read by a person or a program."""

    values: dict[str, Value]
    wrong: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    """What people meet instead of a value that stands there, by its key."""

    @property
    def is_fine(self) -> bool:
        """Tell whether a server would start."""
        return not self.wrong

    def text(self) -> str:
        """Return the report for a person, wrong things first."""
        width = max((len(key) for key in self.values), default=0)
        values: list[str] = []
        for key, each in self.values.items():
            values.append(f"{key:<{width}} = {each.shown or '(empty)'}   [{each.origin}]")
            if key in self.notes:
                values.append(f"{'':<{width}}   {self.notes[key]}")
        parts = (
            ("Wrong", self.wrong),
            ("To know", self.warnings),
            ("Not for us, and left alone", self.ignored),
            ("In force", tuple(values)),
        )
        shown = [f"{title}:\n" + "".join(f"  {line}\n" for line in lines) for title, lines in parts if lines]
        return "\n".join(shown)

    def as_json(self) -> dict[str, Any]:
        """Return the report for a program."""
        return {
            "ok": self.is_fine,
            "problems": list(self.wrong),
            "warnings": list(self.warnings),
            "ignored": list(self.ignored),
            "values": {
                key: {"value": each.shown, "origin": each.origin}
                | ({"note": self.notes[key]} if key in self.notes else {})
                for key, each in self.values.items()
            },
        }


def explain(settings: Settings) -> Report:
    """Return the report on settings that can be used."""
    return Report(dict(settings.values), (), settings.warnings, settings.ignored)


def explain_refusal(refused: SettingsRefused) -> Report:
    """Return the report on settings that cannot be used."""
    return Report({}, tuple(str(problem) for problem in refused.problems))
