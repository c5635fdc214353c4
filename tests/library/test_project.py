"""`ringback.toml`, and from a name or a URL to an agent."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.domain.agent import Transport
from ringback.errors import SuiteError, UsageError
from ringback.library.addresses import checked_url, shown_url
from ringback.library.project import Project, load_project, resolve_agent

FULL = """
[agents.staging]
url = "wss://user:pass@agent.example.com/chat?token=abc#part"
secret = "env:AGENT_SECRET"
headers = { Authorization = "Bearer env:AGENT_TOKEN", X-Tenant = "clinic" }
agent_speaks_first = false
ca_file = "ca.pem"

[agents."two words"]
url = "env:AGENT_URL"

[settings]
caller_model = "openai:gpt-4o-mini"
max_concurrent_runs = 5
"""
ENVIRONMENT = {"AGENT_SECRET": "hush", "AGENT_TOKEN": "t0ken", "AGENT_URL": "ws://127.0.0.1:9"}


def load(tmp_path: Path, text: str) -> Project:
    path = tmp_path / "ringback.toml"
    path.write_text(text, encoding="utf-8")
    return load_project(path)


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(SuiteError) as caught:
        load(tmp_path, text)
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_an_agent_with_everything(tmp_path: Path) -> None:
    agent = resolve_agent(load(tmp_path, FULL), "staging", ENVIRONMENT)
    assert agent.name == "staging"
    assert agent.url.get_secret_value() == "wss://user:pass@agent.example.com/chat?token=abc"
    assert agent.shown_url == "wss://agent.example.com/chat?token=***"
    assert {name: value.get_secret_value() for name, value in agent.headers.items()} == {
        "Authorization": "Bearer t0ken",
        "X-Tenant": "clinic",
    }
    assert agent.secret is not None
    assert agent.secret.get_secret_value() == "hush"
    assert agent.agent_speaks_first is False
    assert agent.ca_file == str(tmp_path / "ca.pem")


def test_secrets_are_masked_in_the_record(tmp_path: Path) -> None:
    shown = repr(resolve_agent(load(tmp_path, FULL), "staging", ENVIRONMENT))
    for secret in ("hush", "t0ken", "pass", "abc"):
        assert secret not in shown


def test_settings_are_handed_on_as_they_are(tmp_path: Path) -> None:
    assert load(tmp_path, FULL).settings == {"caller_model": "openai:gpt-4o-mini", "max_concurrent_runs": 5}


def test_an_address_may_come_from_the_environment(tmp_path: Path) -> None:
    assert resolve_agent(load(tmp_path, FULL), "two words", ENVIRONMENT).shown_url == "ws://127.0.0.1:9"


def test_no_project_file_is_an_empty_project(tmp_path: Path) -> None:
    assert load_project(tmp_path / "ringback.toml") == Project()


def test_a_url_is_an_agent_too() -> None:
    agent = resolve_agent(Project(), "ws://localhost:8765/path", {})
    assert (agent.name, agent.shown_url) == ("ws://localhost:8765/path", "ws://localhost:8765/path")
    assert agent.agent_speaks_first is None
    assert agent.secret is None


def test_flags_go_over_the_file(tmp_path: Path) -> None:
    agent = resolve_agent(
        load(tmp_path, FULL),
        "staging",
        {**ENVIRONMENT, "OTHER": "other"},
        secret="env:OTHER",
        run_headers={"X-Run": "7", "X-Key": "env:OTHER"},
    )
    assert agent.secret is not None
    assert agent.secret.get_secret_value() == "other"
    assert {name: value.get_secret_value() for name, value in agent.run_headers.items()} == {
        "X-Run": "7",
        "X-Key": "other",
    }


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("stagin", r"There is no agent 'stagin' in ringback.toml. Did you mean `staging`\?"),
        ("zzz", r"Known: `staging`, `two words`"),
        ("http://a.example/x?k=v", r"http://a.example/x\?k=\*\*\* is not .* Did you mean ws://a.example/x\?k=\*\*\*\?"),
        ("https://a.example", r"Did you mean wss://a.example\?"),
        ("localhost:8765", r"Did you mean ws://localhost:8765\?"),
        ("ftp://a", r"has to begin with ws:// or wss://"),
        ("ws://", r"has to begin with ws:// or wss://"),
        ("ws://:80", r"names no host"),
        ("ws://host:99999", r"is not a URL: Port out of range"),
        ("ws://host:port", r"is not a URL"),
        ("ws://[::1", r"is not a URL"),
        ("ws://a b", r"no blanks"),
        ("ws://a\nb", r"no blanks"),
        ("ws://user:hush@:80", r"^ws://:80 names no host"),
    ],
)
def test_what_is_no_agent_gets_a_sentence(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        resolve_agent(load(tmp_path, FULL), name, ENVIRONMENT)
    assert "hush" not in str(caught.value)


def test_without_a_project_file_a_name_is_explained() -> None:
    with pytest.raises(UsageError, match=r"ringback.toml names none. Give a URL \(ws://…\), or add \[agents.staging\]"):
        resolve_agent(Project(), "staging", {})


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_variable_is_named(tmp_path: Path, value: str | None) -> None:
    environment = {name: text for name, text in ENVIRONMENT.items() if name != "AGENT_TOKEN"}
    environment |= {} if value is None else {"AGENT_TOKEN": value}
    with pytest.raises(UsageError, match=r"agent 'staging', header Authorization: .* AGENT_TOKEN is not set"):
        resolve_agent(load(tmp_path, FULL), "staging", environment)


def test_a_literal_secret_on_the_command_line_is_refused_without_showing_it() -> None:
    with pytest.raises(UsageError, match="--secret: write env:NAME") as caught:
        resolve_agent(Project(), "ws://a", {}, secret="hush-hush")
    assert "hush-hush" not in str(caught.value)


def test_all_problems_of_the_file_come_together(tmp_path: Path) -> None:
    said = complaint(
        tmp_path,
        """
owner = "me"
[agents.one]
url = "http://x"
secret = "hush-hush"
headers = { X-Api-Key = "hush-hush", X-VOCERA-RUN-ID = "1" }

[agents.two]
agent_speaks_first = "yes"
urll = "ws://x"
""",
    )
    # What is wrong with the form of the file is told first, from the top down.
    assert [line.split(" ", 1)[0] for line in said.splitlines()] == [
        "ringback.toml:2:1:",
        "ringback.toml:8:1:",
        "ringback.toml:9:1:",
        "ringback.toml:10:1:",
    ]
    assert "owner: `owner` is not a key that is known here." in said
    assert "agents.two.url: `url` is missing. Add `url: …`." in said
    assert "agents.two.agent_speaks_first: must be true or false" in said
    assert "agents.two.urll: `urll` is not a key that is known here. Did you mean `url`?" in said


def test_what_is_wrong_with_settings_comes_with_the_rest_and_has_a_place(tmp_path: Path) -> None:
    said = complaint(
        tmp_path,
        """
[settings]
settel = 1
grace = -1
opening_wait = inf
api_key = "hush-hush"
max_concurrent_runs = "many"
inactivity = "20"
nothing_like_it = 1

[agents.one]
url = "http://x"
""",
    )
    lines = [line.removeprefix("ringback.toml:") for line in said.splitlines()]
    assert lines[:4] == [
        "3:1: settings.settel: there is no such setting. Did you mean `settle`?",
        "4:1: settings.grace: -1 is out of range. It has to be at least 0.",
        '5:1: settings.opening_wait: must be a finite number, not "inf". Write how much it is.',
        "6:1: settings.api_key: this is a secret, and the file may be committed. Set RINGBACK_API_KEY instead.",
    ]
    assert lines[4].startswith('7:1: settings.max_concurrent_runs: must be a whole number, not "many".')
    known = lines[5]
    assert known.startswith("9:1: settings.nothing_like_it: there is no such setting. Known here: `")
    assert "api_key" not in known
    assert lines[6].startswith("12:1: agents.one.url: ")
    assert "hush-hush" not in said


def test_secrets_do_not_belong_into_the_file(tmp_path: Path) -> None:
    said = complaint(
        tmp_path,
        """
[agents.one]
url = "https://x"
secret = "hush-hush"
headers = { X-Api-Key = "hush-hush", X-VOCERA-RUN-ID = "1" }
""",
    )
    assert "ringback.toml:3:1: agents.one.url: https://x is not a WebSocket address. Did you mean wss://x?" in said
    assert "ringback.toml:4:1: agents.one.secret: a secret does not belong into this file." in said
    assert "ringback.toml:5:1: agents.one.headers.X-Api-Key: a secret does not belong into this file." in said
    assert "ringback.toml:5:1: agents.one.headers.X-VOCERA-RUN-ID: headers that begin with X-VOCERA-" in said
    assert "hush-hush" not in said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[agents", "ringback.toml:1:8: document: the file is not TOML:"),
        ('a = "x\n', "ringback.toml:1:7: document: the file is not TOML:"),
        ("a = 1\na = 2", "ringback.toml:2:6: document: the file is not TOML: cannot overwrite a value"),
        ("agents = 5", "ringback.toml:1:1: agents: must be an object, not 5."),
        ("[agents.x]\nurl = 2024-01-01", "is not a WebSocket address"),
        ("[agents.x]\nurl = ''", "is empty"),
        ("[[agents]]\nurl = 'ws://x'", "agents: must be an object, not a list."),
        ("settings = nan", "settings: must be an object"),
    ],
)
def test_bad_files_get_a_sentence_with_a_place(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in complaint(tmp_path, text)


def test_a_folder_and_bytes_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="this is a directory"):
        load_project(tmp_path)
    (tmp_path / "ringback.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SuiteError, match="not UTF-8"):
        load_project(tmp_path / "ringback.toml")


@given(st.text(max_size=60))
def test_no_url_breaks_the_check_or_shows_its_secret(text: str) -> None:
    url = f"ws://user:hush%hush@{text}?key=hush%hush"
    assert "hush%hush" not in shown_url(url) or "?" in text or "#" in text
    for candidate in (url, text):
        try:
            checked_url(candidate)
        except UsageError as error:
            assert str(error)  # noqa: PT017 - both outcomes are right; only other exceptions are not


TELEPHONE = """
[agents.desk]
channel = "sip"
url = "sips:desk@pbx.example:5061;transport=tls"
sip_auth = "env:SIP_AUTH"

[agents.number]
channel = "sip"
phone_number = "+1 (555) 010-0100"

[agents.caller]
channel = "sip"
inbound = false
contact_number = "+1-555-010-0111"
trigger_url = "https://agent.example.com/call?key=k3y"
trigger_secret = "env:TRIGGER_SECRET"
"""
BY_TELEPHONE = {"SIP_AUTH": "desk:hush:hush", "TRIGGER_SECRET": "psst"}


def test_agents_on_the_telephone(tmp_path: Path) -> None:
    project = load(tmp_path, TELEPHONE)
    desk, number, caller = (resolve_agent(project, name, BY_TELEPHONE) for name in ("desk", "number", "caller"))
    assert {desk.channel, number.channel, caller.channel} == {Transport.SIP}
    assert desk.url.get_secret_value() == "sips:desk@pbx.example:5061;transport=tls"
    assert desk.shown_url == "sips:desk@pbx.example:5061"
    assert desk.sip_credentials is not None
    assert (desk.sip_credentials.user, desk.sip_credentials.password.get_secret_value()) == ("desk", "hush:hush")
    assert number.url.get_secret_value() == "tel:+15550100100"
    assert number.shown_url == "+15550100100"
    assert (caller.inbound, caller.url.get_secret_value()) == (False, "")
    assert (caller.contact_number, caller.shown_url) == ("+15550100111", "calls from +15550100111")
    assert caller.dial_trigger is not None
    assert caller.dial_trigger.url.get_secret_value() == "https://agent.example.com/call?key=k3y"
    assert caller.dial_trigger.secret is not None
    assert not {"hush", "psst", "k3y"} & set(re.findall(r"\w+", f"{desk!r}{caller!r}"))


@pytest.mark.parametrize(
    ("address", "url", "shown"),
    [
        ("sip:agent@127.0.0.1:5060", "sip:agent@127.0.0.1:5060", "sip:agent@127.0.0.1:5060"),
        ("tel:+1-555-0100", "tel:+15550100", "+15550100"),
        ("+1 555 0100", "tel:+15550100", "+15550100"),
        ("sips:[::1]", "sips:[::1]", "sips:[::1]"),
    ],
)
def test_a_telephone_address_is_an_agent_of_its_channel(address: str, url: str, shown: str) -> None:
    agent = resolve_agent(Project(), address, {})
    assert (agent.channel, agent.url.get_secret_value(), agent.shown_url) == (Transport.SIP, url, shown)


@pytest.mark.parametrize(
    ("name", "channel", "sentence"),
    [
        ("sip:a b@host", None, r"sip:a b@host is not a SIP address"),
        ("sip:a@host?X-Y=1", None, r"sip:a@host is not a SIP address. A SIP address here has no \?headers"),
        ("sip:a@host:70000", None, "ports go from 1 to 65535"),
        ("sip:a:hush@host", None, "sip:a@host: a SIP address has no password in it"),
        ("sip:", None, "is not a SIP address"),
        ("tel:home", None, "is neither a SIP address nor a telephone number"),
        ("ws://host", Transport.SIP, "ws://host is neither a SIP address nor a telephone number"),
        ("sip:a@host", Transport.CHIRP, "is not a WebSocket address but one of the telephone"),
        ("caller", Transport.CHIRP, "Agent 'caller' calls us by telephone"),
        ("desk", None, "sip_auth of agent 'desk': the value of env:SIP_AUTH has to be user:password"),
    ],
)
def test_what_is_no_telephone_address_gets_a_sentence(
    tmp_path: Path, name: str, channel: Transport | None, sentence: str
) -> None:
    environment = {"SIP_AUTH": "hush", "TRIGGER_SECRET": "psst"}
    with pytest.raises(UsageError, match=sentence) as caught:
        resolve_agent(load(tmp_path, TELEPHONE), name, environment, channel=channel)
    assert "hush" not in str(caught.value)


def test_an_outbound_agent_may_call_from_a_sip_user(tmp_path: Path) -> None:
    text = '[agents.bot]\nchannel = "sip"\ninbound = false\ncontact_number = "sip:front-desk@pbx.example"\n'
    assert resolve_agent(load(tmp_path, text), "bot", {}).contact_number == "front-desk"
    assert "the user of a SIP address" in complaint(tmp_path, text.replace("sip:front-desk@pbx.example", "a b"))


def test_all_problems_of_agents_on_the_telephone_come_together(tmp_path: Path) -> None:
    said = complaint(
        tmp_path,
        """
[agents.one]
channel = "sip"
url = "ws://host"
phone_number = "nobody"
sip_auth = "desk:hush-hush"
contact_number = "+15550100"

[agents.two]
channel = "sip"
inbound = false
url = "sip:a@host"
trigger_secret = "hush-hush"

[agents.three]
url = "sip:a@host"
phone_number = "+15550100"
inbound = false

[agents.four]
channel = "sip"
inbound = false
contact_number = "+15550100"
trigger_url = "ftp://host/?key=hush-hush"
""",
    )
    rows = {line.split(" ", 2)[1].rstrip(":"): line.split(": ", 2)[2] for line in said.splitlines()}
    assert said.startswith("ringback.toml:4:1: agents.one.url: ws://host is neither a SIP address nor a")
    assert rows["agents.one.sip_auth"].startswith("a secret does not belong into this file.")
    assert rows["agents.one.contact_number"] == "`contact_number` is for agents that call us. Add inbound = false."
    assert rows["agents.two.url"].startswith("nobody calls an agent with inbound = false")
    assert rows["agents.two.contact_number"].startswith("`contact_number` is missing")
    assert rows["agents.three.inbound"] == 'only agents on the telephone call us. Add channel = "sip".'
    assert rows["agents.four.trigger_url"].startswith("ftp://host/?key=*** is not an address to send a request to.")
    assert {"agents.one.phone_number", "agents.two.trigger_secret", "agents.three.url"} <= set(rows)
    assert "hush-hush" not in said
