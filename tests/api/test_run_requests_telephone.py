"""Run requests by telephone: whom we call from which number, which agents call us, and what is refused at once."""

from collections.abc import Sequence
from typing import Any

import pytest
from asking import V1, VOICE, made, make_agent, make_scenario, refused
from running_service import ServeService, Service

from ringback.domain.agent import Agent, Transport
from ringback.domain.api_key import Scope
from ringback.errors import StorageError
from ringback.runs.admission import Admission, QueueLimits
from ringback.runs.agent_snapshot import AgentSnapshot, open_agent
from ringback.storage.owner import Owner
from ringback.storage.queue import Claim

SIP = f"{V1}/scenarios/run_scenarios_sip/"
TEXT = f"{V1}/scenarios/run_scenarios_text/"
BULK = f"{V1}/runs/bulk/"
LINES = {"known_lines": ["Hello, this is the clinic."]}
POOL = ("+1 (555) 010-0100", "+15550101")
OURS = ("+15550100100", "+15550101")
CONTACT = "+1 555 019 9000"
TRUNK = {"sip_trunk": "sip.provider.example"}
WORD = "planted-word"


async def telephone(service: Service, **fields: Any) -> tuple[int, int]:
    """An agent with no connection but what the fields say, and its scenario."""
    secrets = fields.pop("secrets", {})
    agent = await make_agent(service, "Desk", secrets=secrets, **{**LINES, **fields})
    return agent, await make_scenario(service, agent)


async def dialler(service: Service, **fields: Any) -> tuple[int, int]:
    """An agent that calls us, and its scenario."""
    return await telephone(service, **{"inbound": False, "phone_number": CONTACT, **fields})


async def snapshot_of(service: Service, result_id: int) -> AgentSnapshot:
    kept = await service.services.submission.request_of(result_id)
    assert kept.sealed_agent is not None
    return open_agent(kept.sealed_agent, service.services.seal)


async def agent_of(service: Service, answer: dict[str, Any]) -> Agent:
    return (await snapshot_of(service, answer["id"])).agent


class Hands:
    """What lets runs in and claims them, without anybody who carries them out."""

    def __init__(self, service: Service) -> None:
        self._services = service.services
        self.admitted: list[tuple[int, int]] = []
        self.owner = Owner.newborn("service")
        self._admission = Admission(self._services.queue, self._enqueue, QueueLimits())

    async def ready(self) -> "Hands":
        await self._services.workers.register(self.owner, places=50)
        return self

    async def _enqueue(self, keys: Sequence[tuple[int, int]]) -> None:
        self.admitted += keys

    async def claim(self) -> list[Claim]:
        claims = await self._services.queue.claim(self.admitted, str(self.owner))
        self.admitted = []
        return [claim for claim in claims if claim is not None]


async def test_a_sip_address_is_called_before_every_other_connection(service: Service) -> None:
    secrets = {"media_streams_url": "wss://agent.example/m", "sip_auth": f"desk:{WORD}"}
    _, scenario = await telephone(service, sip_endpoint="sip:desk@agent.example:5080", secrets=secrets)
    answer = await made(service.post(VOICE, {"scenarios": [scenario]}))
    assert (answer["run_type"], answer["agent_inbound"], answer["runs"][0]["number"]) == ("Voice", True, None)
    agent = await agent_of(service, answer)
    assert (agent.channel, agent.url.get_secret_value()) == (Transport.SIP, "sip:desk@agent.example:5080")
    assert agent.sip_credentials is not None
    assert (agent.sip_credentials.user, agent.sip_credentials.password.get_secret_value()) == ("desk", WORD)
    assert agent.known_lines == ("Hello, this is the clinic.",)
    detail = (await service.get(f"{V1}/results/{answer['id']}/")).body
    assert detail["run_settings"]["channel"] == "sip"
    assert WORD not in str(detail)


async def test_a_number_is_called_through_the_trunk_and_refused_without_one(serve: ServeService) -> None:
    async with serve(**TRUNK) as service:
        _, scenario = await telephone(service, phone_number="+1 (555) 010-0199")
        answer = await made(service.post(VOICE, {"scenarios": [scenario]}))
        assert (await agent_of(service, answer)).url.get_secret_value() == "tel:+15550100199"
        run = (await service.get(f"{V1}/runs/{answer['runs'][0]['id']}/")).body
        assert run["agent_number"] == "+15550100199"
        assert run["inbound_number"] is None, "nothing says where our calls come from"
    async with serve() as service:
        _, scenario = await telephone(service, phone_number="+15550100199")
        for path in (VOICE, SIP):
            (sentence,) = await refused(service.post(path, {"scenarios": [scenario]}))
            assert "RINGBACK_SIP_TRUNK" in sentence
        body = {"scenarios": [scenario], "agent_number": "+15550100188"}
        (sentence,) = await refused(service.post(SIP, body))
        assert "RINGBACK_SIP_TRUNK" in sentence
        assert (await service.get(f"{V1}/results/")).body["count"] == 1


async def test_an_agent_that_is_not_on_the_telephone_is_called_there_at_a_number_of_the_request_only(
    serve: ServeService,
) -> None:
    async with serve(**TRUNK) as service:
        _, scenario = await telephone(service, secrets={"media_streams_url": "wss://agent.example/m"})
        (sentence,) = await refused(service.post(SIP, {"scenarios": [scenario]}))
        assert "SIP endpoint" in sentence
        answer = await made(service.post(SIP, {"scenarios": [scenario], "agent_number": 15550100177}))
        assert (await agent_of(service, answer)).url.get_secret_value() == "tel:15550100177"
        answer = await made(service.post(VOICE, {"scenarios": [scenario], "agent_number": "+1 555 0177"}))
        assert (await agent_of(service, answer)).url.get_secret_value() == "tel:+15550177"
        answer = await made(service.post(VOICE, {"scenarios": [scenario]}))
        assert (await agent_of(service, answer)).channel is Transport.MEDIA_STREAMS
        body = await refused(service.post(SIP, {"scenarios": [scenario], "agent_number": "desk"}))
        assert "telephone number" in body["detail"]


async def test_an_address_of_the_request_is_foreign_and_gets_the_agents_credentials_only(service: Service) -> None:
    _, scenario = await telephone(service, sip_endpoint="sip:a@agent.example", secrets={"sip_auth": f"a:{WORD}"})
    body = {"scenarios": [scenario], "sip_endpoint": "sips:b@other.example;transport=tls"}
    answer = await made(service.post(SIP, body))
    snapshot = await snapshot_of(service, answer["id"])
    assert (snapshot.foreign, snapshot.agent.url.get_secret_value()) == (True, body["sip_endpoint"])
    assert snapshot.agent.sip_credentials is not None
    again = (await service.post(f"{V1}/results/{answer['id']}/rerun/")).body
    assert (await snapshot_of(service, again["id"])).agent.url.get_secret_value() == body["sip_endpoint"]
    assert (await snapshot_of(service, again["id"])).foreign


async def test_credentials_for_the_agents_own_server_are_not_offered_to_the_trunk(serve: ServeService) -> None:
    async with serve(**TRUNK) as service:
        _, scenario = await telephone(service, sip_endpoint="sip:a@agent.example", secrets={"sip_auth": f"a:{WORD}"})
        answer = await made(service.post(SIP, {"scenarios": [scenario], "agent_number": "+15550177"}))
        assert (await agent_of(service, answer)).sip_credentials is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sip_endpoint": "http://x"}, "sip_endpoint"),
        ({"sip_endpoint": f"sip:user:{WORD}@host"}, "sip_endpoint"),
        ({"sip_endpoint": "sip:a@b c"}, "sip_endpoint"),
        ({"agent_number": "<nobody>"}, "agent_number"),
        ({"agent_number": "+1555\r\nX: y"}, "agent_number"),
        ({"outbound_phone_number": "+15559999"}, "outbound_phone_number"),
        ({"mode": "different_numbers"}, "mode"),
        ({"mode": "any"}, "mode"),
        ({"sip_endpoint": "sip:a@b", "agent_number": "+1555010"}, "sip_endpoint"),
    ],
)
async def test_what_cannot_be_meant_is_refused_by_its_field(service: Service, body: dict[str, Any], field: str) -> None:
    _, scenario = await telephone(service, sip_endpoint="sip:a@agent.example")
    answer = await refused(service.post(SIP, {"scenarios": [scenario], **body}))
    assert field in answer
    assert WORD not in str(answer)


@pytest.mark.parametrize(
    ("said", "calling"),
    [
        ({}, [OURS[0]] * 3),
        ({"mode": "same_number"}, [OURS[0]] * 3),
        ({"outbound_phone_number": "+1 555 0101"}, [OURS[1]] * 3),
        ({"mode": "different_numbers"}, [OURS[0], OURS[1], OURS[0]]),
        ({"mode": "different_numbers", "outbound_phone_number": "+15550101"}, [OURS[1], OURS[0], OURS[1]]),
    ],
)
async def test_calls_come_from_one_of_our_numbers_or_from_each_in_turn(
    serve: ServeService, said: dict[str, Any], calling: list[str]
) -> None:
    async with serve(phone_numbers=POOL) as service:
        hands = await Hands(service).ready()
        _, scenario = await telephone(service, sip_endpoint="sip:a@agent.example")
        answer = await made(service.post(SIP, {"scenarios": [scenario], "frequency": 3, **said}))
        assert [run["inbound_number"] for run in answer["runs"]] == calling
        again = (await service.post(f"{V1}/results/{answer['id']}/rerun/")).body
        assert [run["inbound_number"] for run in again["runs"]] == calling
        detail = (await service.get(f"{V1}/results/{answer['id']}/")).body
        assert [run["inbound_number"] for run in detail["runs"].values()] == calling
        await service.services.queue.let_in_now()
        assert [claim.run.calls_from for claim in await hands.claim()][:3] == calling


async def test_the_user_at_the_trunk_is_where_calls_come_from(serve: ServeService) -> None:
    async with serve(phone_numbers=POOL, sip_user="+1 555 0500") as service:
        _, scenario = await telephone(service, sip_endpoint="sip:a@agent.example")
        answer = await made(service.post(SIP, {"scenarios": [scenario]}))
        assert answer["runs"][0]["inbound_number"] == "+15550500"


async def test_runs_of_an_agent_that_calls_us_get_their_numbers_with_the_answer(serve: ServeService) -> None:
    async with serve(phone_numbers=POOL, dial_window=120) as service:
        hands = await Hands(service).ready()
        _, scenario = await dialler(service)
        answer = await made(service.post(VOICE, {"scenarios": [scenario], "frequency": 3}))
        assert (answer["status"], answer["agent_inbound"]) == ("pending", False)
        assert [run["number"] for run in answer["runs"]] == [*OURS, None]
        assert [run["outbound_number"] for run in answer["runs"]] == [*OURS, None]
        assert [run["status"] for run in answer["runs"]] == ["pending", "pending", "in_queue"]
        assert [run["outbound_dial_window_seconds"] for run in answer["runs"]] == [120, 120, None]
        assert [run["inbound_number"] for run in answer["runs"]] == [None] * 3
        ids = ",".join(str(run["id"]) for run in answer["runs"])
        bulk = (await service.get(f"{BULK}?run_ids={ids}")).body
        detail = (await service.get(f"{V1}/results/{answer['id']}/")).body
        one = (await service.get(f"{V1}/runs/{answer['runs'][0]['id']}/")).body
        names = ("number", "status", "outbound_dial_window_opens_at", "outbound_dial_window_closes_at")
        for shown in (bulk, list(detail["runs"].values())):
            assert [[run[name] for name in names] for run in shown] == [
                [run[name] for name in names] for run in answer["runs"]
            ]
        assert (one["agent_number"], one["number"]) == ("+15550199000", OURS[0])
        claims = await hands.claim()
        assert [claim.run.dial_window.number for claim in claims if claim.run.dial_window] == list(OURS)
        agent = await agent_of(service, answer)
        assert (agent.inbound, agent.contact_number, agent.url.get_secret_value()) == (False, "+15550199000", "")
        await service.services.queue.call_taken(claims[0].run.id, 1, str(hands.owner))
        listed = (await service.get(f"{V1}/results/")).body["results"][0]
        assert listed["status"] == "in_progress"
        assert [run["status"] for run in listed["runs"]] == ["in_progress", "pending", "in_queue"]
        found = (await service.get(f"{V1}/runs/?status=pending")).body["results"]
        assert [run["number"] for run in found] == [OURS[1]]


async def test_where_nobody_works_yet_the_runs_of_an_agent_that_calls_us_wait(serve: ServeService) -> None:
    async with serve(phone_numbers=POOL) as service:
        _, scenario = await dialler(service)
        answer = await made(service.post(VOICE, {"scenarios": [scenario]}))
        assert (answer["runs"][0]["status"], answer["runs"][0]["number"]) == ("in_queue", None)

        async def fails() -> None:
            raise StorageError("The database is away.")

        service.services.queue.let_in_now = fails
        assert len((await made(service.post(VOICE, {"scenarios": [scenario]})))["runs"]) == 1


async def test_a_repeated_request_gets_the_numbers_again(serve: ServeService) -> None:
    async with serve(phone_numbers=POOL) as service:
        await Hands(service).ready()
        _, scenario = await dialler(service)
        body, named = {"scenarios": [scenario], "frequency": 3}, {"Idempotency-Key": "once"}
        first = await made(service.post(VOICE, body, headers=named))
        assert await made(service.post(VOICE, body, headers=named)) == first
        assert (await service.get(f"{V1}/results/")).body["count"] == 1


async def test_an_agent_may_be_told_to_call_one_number_from_another(serve: ServeService) -> None:
    async with serve(phone_numbers=POOL) as service:
        await Hands(service).ready()
        _, scenario = await dialler(service, phone_number=None)
        (sentence,) = await refused(service.post(VOICE, {"scenarios": [scenario]}))
        assert "contact_number" in sentence
        body = {"scenarios": [scenario], "agent_number": "+1 555 0177", "outbound_phone_number": POOL[1]}
        answer = await made(service.post(SIP, body))
        assert answer["runs"][0]["number"] == OURS[1]
        assert (await agent_of(service, answer)).contact_number == "+15550177"
        again = (await service.post(f"{V1}/results/{answer['id']}/rerun/")).body
        assert (again["runs"][0]["number"], again["runs"][0]["status"]) == (None, "in_queue"), "it is taken"
        assert (await agent_of(service, again)).contact_number == "+15550177"
        refusal = await refused(service.post(SIP, {"scenarios": [scenario], "sip_endpoint": "sip:a@b"}))
        assert list(refusal) == ["sip_endpoint"]


async def test_an_agent_that_calls_us_is_refused_where_there_is_no_number(service: Service) -> None:
    _, scenario = await dialler(service)
    (sentence,) = await refused(service.post(VOICE, {"scenarios": [scenario]}))
    assert "RINGBACK_PHONE_NUMBERS" in sentence


async def test_a_trigger_is_kept_sealed_and_used_where_it_is_switched_on(serve: ServeService) -> None:
    async with serve(phone_numbers=POOL) as service:
        await Hands(service).ready()
        url = f"https://agent.example/call?token={WORD}"
        secrets = {"outbound_trigger_url": url, "outbound_trigger_secret": "planted-secret"}
        agent, scenario = await dialler(service, secrets=secrets)
        answer = await made(service.post(VOICE, {"scenarios": [scenario]}))
        assert (await agent_of(service, answer)).dial_trigger is None
        changed = await service.patch(f"{V1}/aiagents/{agent}/", {"outbound_auto_call": True})
        shown = changed.body
        assert shown["outbound_trigger_url"] == "https://agent.example/call?token=***"
        assert shown["outbound_trigger_secret_configured"]
        answer = await made(service.post(VOICE, {"scenarios": [scenario]}))
        trigger = (await agent_of(service, answer)).dial_trigger
        assert trigger is not None
        assert trigger.secret is not None
        assert (trigger.url.get_secret_value(), trigger.secret.get_secret_value()) == (url, "planted-secret")
        assert "planted" not in str(shown) + str(answer) + str((await service.get(f"{V1}/results/1/")).body)


async def test_both_forms_of_an_agent_write_its_telephone(service: Service) -> None:
    telephony = {"phone_number": CONTACT, "inbound": False, "sip_auth": {"username": "a", "password": WORD}}
    provider = {
        "auto_dial_outbound": True,
        "outbound_trigger_url": "https://x.example/",
        "outbound_trigger_secret": WORD,
    }
    body = {"name": "D", "description": "", "telephony": telephony, "provider": provider}
    nested = (await service.post(f"{V1.replace('v1', 'v2')}/aiagents/", body)).body
    assert nested["telephony"]["phone_number"] == CONTACT
    assert nested["provider"]["outbound_trigger_url"] == "https://x.example/"
    assert nested["provider"]["outbound_trigger_secret_configured"]
    assert WORD not in str(nested)
    flat = (await service.get(f"{V1}/aiagents/{nested['id']}/")).body
    assert (flat["contact_number"], flat["inbound"], flat["outbound_auto_call"]) == (CONTACT, False, True)
    again = await service.put(f"{V1}/aiagents/{nested['id']}/", flat)
    kept = await service.services.agents.get(nested["id"])
    assert (again.status, kept.secrets.outbound_trigger_secret, kept.secrets.sip_auth) == (
        200,
        WORD,
        telephony["sip_auth"],
    )
    wrong = {
        "telephony": {"sip_uri": "+1555", "phone_number": "x y!", "sip_auth": "no colon"},
        "provider": {"outbound_trigger_url": "ftp://x", "outbound_trigger_secret": "a\nb"},
    }
    refusal = await refused(
        service.post(f"{V1.replace('v1', 'v2')}/aiagents/", {"name": "D", "description": "", **wrong})
    )
    assert set(refusal) == {
        "telephony.sip_uri",
        "telephony.phone_number",
        "telephony.sip_auth",
        "provider.outbound_trigger_url",
        "provider.outbound_trigger_secret",
    }


async def test_a_cancelled_run_that_waited_for_its_call_is_over_at_once(serve: ServeService) -> None:
    async with serve(phone_numbers=POOL[:1]) as service:
        hands = await Hands(service).ready()
        _, scenario = await dialler(service)
        answer = await made(service.post(VOICE, {"scenarios": [scenario], "frequency": 2}))
        first, second = (run["id"] for run in answer["runs"])
        assert (await service.post(f"{V1}/runs/{first}/end_call/")).status == 200
        assert (await service.get(f"{V1}/runs/{first}/")).body["status"] == "cancelled"
        await service.services.queue.let_in_now()
        run = (await service.get(f"{V1}/runs/{second}/")).body
        assert (run["status"], run["number"]) == ("pending", OURS[0])
        assert [claim.run.id for claim in await hands.claim()] == [second]


async def test_our_numbers_and_which_of_them_are_free(serve: ServeService) -> None:
    async with serve(phone_numbers=(*POOL, "ringback-test")) as service:
        await Hands(service).ready()
        _, scenario = await dialler(service)
        answer = await made(service.post(VOICE, {"scenarios": [scenario], "frequency": 1}))
        run = answer["runs"][0]
        _, token = await service.services.keys.create("looks", Scope.READ)
        for path in ("phone-numbers/", "phone-numbers/inbound/"):
            listed = (await service.get(f"{V1}/{path}", key=token)).body
            assert [(one["id"], one["number"], one["scenario_id"], one["provider"]) for one in listed] == [
                (1, OURS[0], scenario, "ringback"),
                (2, OURS[1], None, "ringback"),
                (3, "ringback-test", None, "ringback"),
            ]
            assert listed[0]["scenario_name"] == "Books a visit"
        busy, *free = (await service.get(f"{V1}/phone-numbers-external/check_occupancy", key=token)).body
        assert (busy["is_occupied"], busy["status"], busy["run_id"]) == (True, "pending", run["id"])
        assert busy["outbound_dial_window_closes_at"] == run["outbound_dial_window_closes_at"]
        assert [(one["is_occupied"], one["status"], one["run_id"]) for one in free] == [(False, None, None)] * 2
        assert (await service.get(f"{V1}/phone-numbers/", key=None)).status == 401


async def test_two_hundred_runs_on_a_pool_of_five_wait_their_turn(serve: ServeService) -> None:
    numbers = tuple(f"+1555020{number}" for number in range(5))
    async with serve(phone_numbers=numbers) as service:
        hands = await Hands(service).ready()
        _, scenario = await dialler(service)
        answer = await made(service.post(VOICE, {"scenarios": [scenario], "frequency": 200}))
        assert [run["number"] for run in answer["runs"]] == [*numbers, *[None] * 195]
        assert len(await hands.claim()) == 5
        assert (await service.post(f"{V1}/results/{answer['id']}/end_calls/")).body["ended_runs_count"] == 200
        detail = (await service.get(f"{V1}/results/{answer['id']}/")).body
        statuses = [run["status"] for run in detail["runs"].values()]
        assert (statuses.count("cancelled"), statuses.count("pending")) == (195, 5), "workers end those that began"
