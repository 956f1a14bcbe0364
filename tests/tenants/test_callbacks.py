import pytest

from watchword.tenants.model import lets_anyone_in


@pytest.mark.parametrize(
    "pattern",
    [
        ".*",
        "https?://.*",
        "[https://localhost:9443].*[/authenticationendpoint/login.do]",
        "https://app.example.com.*",
        "https://app.example.com/.*",
        ".*/myapp/callback",
        "https://localhost.*/login.do",
        ".*localhost:9443.*",
        r"https:\/\/.*\.example\.com.*",
        "https://localhost:9443/?.*",
        "https://localhost:9443/{0,1}.*",
        "https://localhost*/",
        "https://localhost:9443@.*/",
        r"https://localhost/.*|http.*",
        r"(https://localhost/.*|.*)",
        r"^(?:https://localhost/a|(https://b|.*)/c)$",
        "(https://localhost/a)?.*",
        "(?:https://localhost/a)*",
        "",
    ],
)
def test_a_pattern_that_lets_foreign_hosts_in_is_seen(pattern: str) -> None:
    assert lets_anyone_in(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"https:\/\/localhost:9443\/.*",
        "https://localhost:9443/.*",
        r"https://app\.example\.com/.*",
        "https://localhost:9443/authenticationendpoint/login.do",
        r"https://(a|b)\.example\.com/cb",
        "https?://localhost:9443/.*",
        "(http|https)://localhost:9443/.*",
        "https://localhost:9443",
        r"^(https://localhost:9443/.*|https://app\.example\.com/.*)$",
        r"https://localhost/a|https://localhost/(b|c)",
    ],
)
def test_a_pattern_that_names_its_host_may_stay(pattern: str) -> None:
    assert lets_anyone_in(pattern) is None
