"""The telephone company's REST endpoint, by which spoken agents hang up."""

from running_service import Service

from ringback.channels.hang_up_rest import HANG_UP_PATH

ACCOUNT, CALL = "AC" + "0" * 32, "CA" + "1" * 32
PATH = HANG_UP_PATH.format(account_sid=ACCOUNT, call_sid=CALL)
BASIC = {"Authorization": "Basic QUM6dG9rZW4="}


async def test_an_agent_ends_its_call_by_its_id_without_a_key_of_the_api(service: Service) -> None:
    ended: list[str] = []
    service.services.calls.add(CALL, lambda: ended.append(CALL))
    refused = await service.ask("POST", PATH, data={"Status": "completed"}, key=None)
    assert (refused.status, refused.headers["WWW-Authenticate"], ended) == (401, 'Basic realm="calls"', [])
    status, body = await service.ask("POST", PATH, data={"Status": "completed"}, key=None, headers=BASIC)
    assert (status, body["sid"], body["status"], ended) == (200, CALL, "completed", [CALL])
    assert (await service.ask("POST", PATH, data={"Status": "completed"}, key=None, headers=BASIC)).status == 404


async def test_anything_but_the_end_of_a_call_is_refused(service: Service) -> None:
    service.services.calls.add(CALL, lambda: None)
    for data in ({}, {"Status": "in-progress"}, {"Twiml": "<Response/>"}):
        assert (await service.ask("POST", PATH, data=data, key=None, headers=BASIC)).status == 400
    assert (await service.ask("GET", PATH, key=None)).status == 405
    other = PATH.replace("CA1", "CA2")
    assert (await service.ask("POST", other, data={"Status": "completed"}, key=None, headers=BASIC)).status == 404
    assert PATH not in (await service.get("/openapi.json", key=None)).body["paths"]
