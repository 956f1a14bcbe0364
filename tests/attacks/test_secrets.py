"""Where secrets must not be: the log (LOG), the database (REST)."""

import base64
import json
import stat
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.attacks.nodes import Node
from tests.attacks.stage import (
    ADMIN_A,
    ADMIN_B,
    API,
    API_B,
    CAPTCHA_SECRET,
    CREATE_ONLY,
    IDENTITY,
    NUMBER,
    PASSWORD,
    PROVIDER_KEY,
    TRUSTED,
    Stage,
    exchange,
    registration,
    wait_for,
)
from tests.faults.invariants import leaks, secrets_of
from watchword_testing.conformance.server import Ports
from watchword_testing.sinks import Mode

case = pytest.mark.case
REFUSED_PASSWORD = "canary-no"
WRONG_SECRET = "canary-wrong-secret"
WRONG_CODE = "canary-wrong-code"
MAILBOX = "canary-mailbox@a.test"
HOSTILE = ["a\r\nb", "\x1b[2J", "a\u2028b", "a\u202eb", "${jndi:ldap://127.0.0.1:1/x}", "a\x7fb"]
_ports = Ports()


def play_a_session(stage: Stage) -> str:
    """Sign up by both channels, resend, confirm, be refused in every way, and let sends fail; return the open name."""
    by_mail, by_sms = stage.new_name("mailer"), stage.new_name("texter")
    code = stage.pending(by_mail, mailbox=MAILBOX)
    stage.pending(by_sms, sms=True)
    assert stage.resend(by_sms).status == 201
    stage.settle()
    assert stage.confirm(WRONG_CODE).status == 400
    assert stage.confirm(WRONG_CODE, user=by_sms).status == 400
    assert stage.confirm(code).status == 202
    assert stage.register(stage.new_name(), password=REFUSED_PASSWORD).status == 400
    assert stage.register(by_mail, by=("trusted", WRONG_SECRET)).status == 401
    assert stage.ask("GET", f"{API}/me", by=(by_mail, PASSWORD)).status == 200
    assert stage.ask("GET", f"{API}/me", by=(by_mail, WRONG_SECRET)).status == 401
    stage.ask("POST", f"{API}/me", b'{"user": {"password": "' + PASSWORD.encode() + b'"')
    stage.ask("POST", f"{API}/validate-code", {"code": [WRONG_CODE]})
    for mode in (Mode.FAIL, Mode.DOWN):
        stage.sms.set_mode(mode)
        stage.mail.set_mode(mode)
        for sms in (True, False):
            assert stage.register(stage.new_name(), sms=sms, mailbox=MAILBOX).status == 201
    wait_for(lambda: {"failed"} <= {row["state"] for row in stage.evidence.rows("messages")})
    wait_for(lambda: [row for row in stage.evidence.rows("messages") if row["state"] == "waiting" and row["reason"]])
    stage.sms.set_mode(Mode.OK)
    stage.mail.set_mode(Mode.OK)
    return by_mail


def canaries(stage: Stage) -> list[str]:
    own = [REFUSED_PASSWORD, WRONG_SECRET, WRONG_CODE, PROVIDER_KEY, CAPTCHA_SECRET, ADMIN_B[1], MAILBOX, NUMBER]
    return sorted({*secrets_of(stage), *own})


def spellings(secret: str) -> dict[str, str]:
    octets = secret.encode()
    return {
        "plain": secret, "quoted": quote(secret, safe=""), "base64": base64.b64encode(octets).decode().rstrip("=")[:-1],
        "hex": octets.hex(), "reversed": secret[::-1],
    }  # fmt: skip


@case("LOG-01", debug=True, alone=True)
def test_nothing_secret_is_in_the_log_at_its_most_talkative(stage: Stage) -> None:
    play_a_session(stage)
    log = stage.log.read_text(encoding="utf-8", errors="replace")
    assert '"level": "debug"' in log
    assert "message sent" in log
    held = [(how, secret) for secret in canaries(stage) for how, text in spellings(secret).items() if text in log]
    basics = [base64.b64encode(f"{name}:{secret}".encode()).decode() for name, secret in stage.secrets.items()]
    assert held == []
    assert not any(basic in log for basic in basics)


def is_event(line: str) -> bool:
    """Tell whether a line is one JSON object."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


@case("LOG-02", debug=True)
def test_nothing_hostile_begins_a_line_of_the_log(stage: Stage) -> None:
    for text in [*HOSTILE, "x" * 10_000]:
        stage.register(text)
        stage.ask("POST", f"{API}/validate-code", {"code": text})
        stage.ask("GET", f"/t/{quote(text[:200], safe='')}{API}/me")
        clean = "".join(letter for letter in text if letter not in "\r\n").encode("utf-8")[:4000].decode("latin-1")
        stage.ask("GET", f"{API}/me", by=(text, text), headers={"User-Agent": clean, "X-Correlation-ID": clean})
    octets = stage.log.read_bytes()
    for line in octets.decode().split("\n"):
        assert not line or is_event(line), line
    for mark in ("\r", "\x1b", "\u2028", "\u202e", "\x7f"):
        assert mark.encode() not in octets, ascii(mark)


@case("LOG-04")
def test_each_refusal_leaves_one_line_of_audit(stage: Stage) -> None:
    name = stage.new_name()
    code = stage.pending(name)
    user = stage.user(name)
    assert user is not None

    def added(action: str, ask: object) -> list[dict[str, object]]:
        known = {row["id"] for row in stage.audited(action)}
        ask()  # type: ignore[operator]  # a request
        return [row for row in stage.audited(action) if row["id"] not in known]

    flags = {f"{IDENTITY}emailVerified": "true"}
    refusals = {
        "a wrong code": added("redeem_code", lambda: stage.confirm("wrong", user=name)),
        "an unknown code": added("redeem_code", lambda: stage.confirm("wrong", by=CREATE_ONLY)),
        "a code of another tenant": added("redeem_code", lambda: stage.confirm(code, by=ADMIN_B, api=API_B)),
        "an assertion": added(
            "preverified_claim_ignored", lambda: stage.register(stage.new_name(), by=CREATE_ONLY, claims=flags)
        ),
        "a claim of ours": added(
            "claim_dropped",
            lambda: stage.register(stage.new_name(), claims={f"{IDENTITY}accountLocked": "false"}),
        ),
    }
    for kind, rows in refusals.items():
        assert len(rows) == 1, (kind, rows)
        (row,) = rows
        assert row["outcome"] in {"refused", "ignored"}, kind
        assert row["reason"], kind
        assert row["trace"], kind
        assert str(row["actor"]).partition("/")[2] in {"trusted", "create-only", "boss"}, kind
        assert row["source"] == "127.0.0.1", kind
        assert row["tenant"] in {"carbon.super", "tenant-b.test"}, kind
        assert abs(int(str(row["at"])) / 1e6 - time.time()) < 120, kind


@case("REST-01", costly_hashes=True, alone=True)
def test_nothing_secret_is_in_the_database(stage: Stage) -> None:
    name = play_a_session(stage)
    assert [found for found in leaks(stage) if found[0] == "the database"] == []
    user = stage.user(name)
    assert user is not None
    assert user["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert all(len(row["digest"]) == 64 for row in stage.evidence.rows("codes"))
    whole = [row["masked_to"] for row in stage.evidence.rows("messages") if NUMBER in row["masked_to"]]
    assert whole == []
    clients = [row["secret_hash"] for row in stage.evidence.rows("clients")]
    assert all(each.startswith("$argon2id$") for each in clients)


@case("REST-03", database="sqlite")
def test_keys_are_made_once_for_the_owner_alone_and_well_known_passwords_are_not_used(
    stage: Stage, tmp_path: Path
) -> None:
    """DEF and REST-03: a server that is not for development, with the published administrator in its settings."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "deployment.toml").write_text(
        '[super_admin]\nusername = "admin"\npassword = "admin"\ncreate_admin_account = true\n'
        '[watchword]\nsecurity_profile = "recommended"\n[watchword.server]\nhost = "127.0.0.1"\n'
    )
    defects = [stage.scene.mutant] if stage.scene.mutant else []

    def serve(port: int) -> Node:
        words = ["serve", "--home", str(home), "--port", str(port), "--no-tls"]
        return Node(words, tmp_path / "log", port, defects=defects, variables={})

    key = home / "watchword" / "keys" / "secret.key"
    made = []
    for _ in range(2):
        port = _ports.pair()
        node = serve(port)
        node.wait_until_ready(lambda port=port: exchange(port, "GET", "/health/ready").status == 200)  # type: ignore[misc]  # bound at once
        assert exchange(port, "POST", f"{API}/me", registration("kim"), by=ADMIN_A).status == 401
        made.append(key.read_text())
        assert node.end() == 0
    assert made[0] == made[1]
    assert len(set(made[0].strip())) > 8
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert made[0] != (stage.folder / "watchword" / "keys" / "secret.key").read_text()
    for broken in ("", "00" * 31, "sample"):
        key.write_text(broken)
        node = serve(_ports.pair())
        assert node.has_died()
        assert node.end() != 0
    assert stage.register(stage.new_name(), by=TRUSTED).status == 201
