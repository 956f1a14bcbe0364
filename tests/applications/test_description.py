"""What the interface says of itself."""

from tests.world import World


def test_the_description_has_the_bodies_and_a_name_for_each_operation(world: World) -> None:
    described = world.request("GET", "/openapi.json").json
    operations = [each for path in described["paths"].values() for each in path.values()]
    names = [each["operationId"] for each in operations]
    assert len(set(names)) == len(names)
    body = described["paths"]["/api/server/v1/applications"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/ApplicationBody"}
    assert "authenticationSequence" in described["components"]["schemas"]["ApplicationBody"]["properties"]
