"""What an operator asks: is it alive, is it ready, what has it done."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from watchword.base.problems import Problem, Unavailable
from watchword.storage.work import Work
from watchword.web.endpoint import Requests
from watchword.web.model import Ask, Door, Reply, Route, get

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Operations:
    """The handlers of the management listener."""

    is_ready: Callable[[Work], bool]
    figures: Callable[[Work], Collector]
    describe: Callable[[], object]

    def health_routes(self) -> list[Route]:
        """Return what even the main port may say: one word."""
        return [
            Route("GET", "/health/live", self.live, door=Door.ANYONE, reading=True, tenants=False),
            Route("GET", "/health/ready", self.ready, door=Door.ANYONE, reading=True, tenants=False),
        ]

    def routes(self) -> list[Route]:
        """Return everything."""
        return [
            *self.health_routes(),
            get("/metrics", self.metrics, door=Door.ANYONE, tenants=False),
            get("/openapi.json", self.openapi, door=Door.ANYONE, tenants=False),
        ]

    def live(self, work: Work, ask: Ask[None]) -> Reply:
        """Say that the process answers."""
        del work, ask
        return Reply("alive\n")

    def ready(self, work: Work, ask: Ask[None]) -> Reply:
        """Say whether the database can be used."""
        del ask
        try:
            is_ready = self.is_ready(work)
        except Problem:
            is_ready = False
        if not is_ready:
            raise Unavailable(seconds=1)
        return Reply("ready\n")

    def metrics(self, work: Work, ask: Ask[None]) -> Reply:
        """Give the figures, in Prometheus' text form."""
        del ask
        registry = CollectorRegistry()
        registry.register(self.figures(work))
        return Reply(generate_latest(registry), media_type=METRICS_TYPE)

    def openapi(self, work: Work, ask: Ask[None]) -> Reply:
        """Describe the interface."""
        del work, ask
        return Reply(self.describe())


@dataclass(frozen=True, slots=True, eq=False)
class Figures(Collector):
    """What the server has done since it started."""

    requests: Requests
    deliveries: Mapping[tuple[str, str], int]
    comparisons: int
    open_messages: Mapping[str, int]

    def collect(self) -> Iterable[Metric]:
        """Return the figures of this moment."""
        answered = CounterMetricFamily("watchword_requests", "Requests answered", labels=["method", "path", "status"])
        for (method, path, status), number in list(self.requests.counts.items()):
            answered.add_metric([method, path, str(status)], number)
        seconds = CounterMetricFamily("watchword_request_seconds", "Time spent on requests", labels=["method", "path"])
        for (method, path), spent in list(self.requests.seconds.items()):
            seconds.add_metric([method, path], spent)
        handed = CounterMetricFamily("watchword_messages", "Attempts to deliver", labels=["channel", "outcome"])
        for (channel, outcome), number in list(self.deliveries.items()):
            handed.add_metric([channel, outcome], number)
        compared = CounterMetricFamily("watchword_code_comparisons", "Codes compared with what somebody typed")
        compared.add_metric([], self.comparisons)
        waiting = GaugeMetricFamily("watchword_messages_open", "Messages that have yet to be sent", labels=["state"])
        for state, number in self.open_messages.items():
            waiting.add_metric([state], number)
        return [answered, seconds, handed, compared, waiting]
