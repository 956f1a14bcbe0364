"""The one place where an answer is printed."""

import json
from collections.abc import Mapping
from typing import Any

import click

from watchword.cli.answers import Answer


def print_answer(answer: Answer, *, as_json: bool) -> None:
    """Print an answer: a refusal goes to standard error, unless a program reads."""
    if as_json:
        click.echo(json_line(answer.document))
        return
    start = "watchword: " if answer.is_refusal else ""
    for line in answer.lines:
        click.echo(start + printable(line), err=answer.is_refusal)


def json_line(document: Mapping[str, Any]) -> str:
    """Return a document as one line, whatever its texts hold."""
    return json.dumps(document, ensure_ascii=True)


def printable(line: str) -> str:
    """Return a line without control characters: what strangers typed must not steer a terminal."""
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in line)
