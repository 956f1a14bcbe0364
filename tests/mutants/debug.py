"""No defect: the log says everything that it can say."""

import logging

from watchword.cli import serving


def debug() -> None:
    """Log at DEBUG, and let no library be silenced."""
    set_up = serving.set_up_log

    def set_up_log(*, plain: bool) -> None:
        set_up(plain=plain, level=logging.DEBUG)
        for name in list(logging.root.manager.loggerDict):
            logging.getLogger(name).setLevel(logging.DEBUG)

    serving.set_up_log = set_up_log  # type: ignore[assignment]  # it is called with one argument only
