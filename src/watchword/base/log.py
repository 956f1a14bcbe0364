"""The structured log: one JSON object a line on standard error, each tied to its reply by a trace id."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

trace_id: ContextVar[str] = ContextVar("trace_id", default="")

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    """One line of JSON per record; what was passed as ``extra`` becomes members."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line; control characters are escaped by JSON, so no value can begin a second line."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := trace_id.get():
            line["trace"] = trace
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class PlainLines(logging.Formatter):
    """A line for a person who watches a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level and message, then what was passed as ``extra``, and what ties it to its reply."""
        at = datetime.fromtimestamp(record.created, UTC).astimezone()
        extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        extra |= {"trace": trace} if (trace := trace_id.get()) else {}
        told = "".join(f"  {key}={value}" for key, value in extra.items())
        line = f"{at:%H:%M:%S} {record.levelname.lower():8}{record.getMessage()}{told}"
        return line + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


def set_up_log(*, plain: bool, level: int = logging.INFO, stream: TextIO = sys.stderr) -> None:
    """Send every record to *stream*, as lines for a person or as JSON."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PlainLines() if plain else JsonLines())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("httpcore", "uvicorn.access", "uvicorn.error", "alembic", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
