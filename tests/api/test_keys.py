from running_service import Service

KEYS = "/user/api/v1/user-api-key/"


async def test_a_new_key_shows_its_token_once_and_works_until_it_is_revoked(service: Service) -> None:
    status, made = await service.post(KEYS, {"name": "job", "scope": "admin"})
    assert status == 201
    token = made["key"]
    _, listed = await service.get(KEYS, key=token)
    assert listed["count"] == 1
    assert listed["results"][0]["key"] == token[:12] + "…"
    assert (await service.delete(f"{KEYS}{made['id']}/")).status == 204
    refused = await service.get(KEYS, key=token)
    assert refused.status == 401
    assert refused.body == {"detail": "Invalid API key."}
