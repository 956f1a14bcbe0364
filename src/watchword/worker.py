"""A process that only sends and sweeps; any number of them share a PostgreSQL database with the servers."""

import logging
import signal
import threading
from types import FrameType

from watchword.notification.courier import Courier

log = logging.getLogger(__name__)


def work_until_told(courier: Courier) -> None:
    """Send until SIGTERM or SIGINT; then let what is being sent end."""
    told = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        told.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    courier.start()
    log.info("the worker sends")
    told.wait()
    courier.stop()
    log.info("the worker has stopped")
