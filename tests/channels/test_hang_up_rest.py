"""Hanging up by REST, as agents do it with a telephone company."""

import base64

import aiohttp
import pytest

from ringback.channels.hang_up_rest import CallsInProgress, HangUpAnswer, answer_hang_up, serve_hang_ups
from ringback.channels.media_streams_protocol import StreamIds

TOKEN = base64.b64encode(b"AC1:token").decode()


class Ended:
    """Counts how often a call was ended."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def ask(calls: CallsInProgress, **change: str | None) -> HangUpAnswer:
    fields: dict[str, str | None] = {
        "account_sid": "AC1",
        "call_sid": "CA1",
        "status": "completed",
        "authorization": f"Basic {TOKEN}",
    }
    fields |= change
    return answer_hang_up(
        calls,
        fields["account_sid"] or "",
        fields["call_sid"] or "",
        fields["status"],
        fields["authorization"],
        auth_token=fields.get("auth_token"),
    )


@pytest.fixture
def ended() -> Ended:
    return Ended()


@pytest.fixture
def calls(ended: Ended) -> CallsInProgress:
    calls = CallsInProgress()
    calls.add("CA1", ended)
    return calls


def test_a_call_in_progress_is_ended_once(calls: CallsInProgress, ended: Ended) -> None:
    answer = ask(calls)
    assert answer.status == 200
    assert answer.body["sid"] == "CA1"
    assert answer.body["account_sid"] == "AC1"
    assert answer.body["status"] == "completed"
    assert answer.body["uri"] == "/2010-04-01/Accounts/AC1/Calls/CA1.json"
    assert ended.times == 1
    again = ask(calls)
    assert (again.status, again.body["code"]) == (404, 20404)
    assert ended.times == 1
    assert len(calls) == 0


def test_a_call_that_is_over_or_never_was_is_not_found(calls: CallsInProgress, ended: Ended) -> None:
    assert ask(calls, call_sid="CA2").status == 404
    calls.remove("CA1")
    calls.remove("CA1")
    assert ask(calls).status == 404
    assert ended.times == 0


@pytest.mark.parametrize("status", [None, "", "canceled", "in-progress", "Completed"])
def test_another_status_changes_nothing(calls: CallsInProgress, ended: Ended, status: str | None) -> None:
    assert ask(calls, status=status).status == 400
    assert calls.hang_up("AC1", "CA1", status or "") is None
    assert ended.times == 0


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Basic", "Basic !!", f"Bearer {TOKEN}", "Basic " + base64.b64encode(b"no colon").decode()],
)
def test_basic_credentials_are_required(calls: CallsInProgress, ended: Ended, authorization: str | None) -> None:
    answer = ask(calls, authorization=authorization)
    assert (answer.status, answer.body["code"]) == (401, 20003)
    assert ended.times == 0


def test_a_token_that_is_set_is_compared(calls: CallsInProgress, ended: Ended) -> None:
    assert ask(calls, auth_token="another").status == 401
    assert ended.times == 0
    assert ask(calls, auth_token="token").status == 200


def test_ids_of_calls_cannot_be_guessed() -> None:
    assert len({StreamIds.new().call for _ in range(100)}) == 100
    assert CallsInProgress().account != CallsInProgress().account
    assert CallsInProgress("AC7").account == "AC7"


async def test_the_server_ends_calls_over_http(calls: CallsInProgress, ended: Ended) -> None:
    async with serve_hang_ups(calls) as address, aiohttp.ClientSession() as session:
        url = f"{address}/2010-04-01/Accounts/AC1/Calls/CA1.json"
        async with session.post(url, data={"Status": "completed"}) as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"].startswith("Basic")
        headers = {"Authorization": f"Basic {TOKEN}"}
        async with session.get(url, headers=headers) as response:
            assert response.status == 405
        async with session.post(url, headers=headers, data=b"\xff" * 100) as response:
            assert response.status == 400
        async with session.post(url, headers=headers, data={"Status": "x" * 100_000}) as response:
            assert response.status == 413
        assert ended.times == 0
        async with session.post(url, headers=headers, data={"Status": "completed"}) as response:
            assert response.status == 200
            assert (await response.json())["status"] == "completed"
        async with session.post(url, headers=headers, data={"Status": "completed"}) as response:
            assert response.status == 404
            assert (await response.json())["code"] == 20404
    assert ended.times == 1
