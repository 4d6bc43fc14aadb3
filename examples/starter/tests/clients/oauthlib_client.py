"""requests-oauthlib goes through the flows of OAuth, as a program that somebody else wrote would.

The only setting is that http is fine. Argument: where the service is, and who is in it, as JSON.
"""

import json
import os
import sys

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from oauthlib.oauth2 import BackendApplicationClient, InvalidGrantError
from person import Person
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

CALLBACK = "https://app.example/callback"


class World:
    def __init__(self, given):
        self.url, self.token = given["url"], given["token"]
        self.person = Person(given["email"], given["password"])
        issuer = f"{given['url']}/t/{given['slug']}"
        self.at = requests.get(f"{issuer}/.well-known/oauth-authorization-server", timeout=10).json()

    def register(self, **fields):
        response = requests.post(
            f"{self.url}/api/v1/clients",
            json={"name": "Elsewhere", "scopes": ["projects:read"], **fields},
            headers={"authorization": f"Bearer {self.token}"},
            timeout=10,
        )
        assert response.status_code == 201, response.text
        return response.json()

    def revoked(self, client, token):
        form = {"token": token}
        proof = HTTPBasicAuth(client["id"], client["secret"]) if client["secret"] else None
        if proof is None:
            form["client_id"] = client["id"]
        response = requests.post(self.at["revocation_endpoint"], data=form, auth=proof, timeout=10)
        assert response.status_code == 200, response.text


def signs_in(world, method):
    client = world.register(
        redirect_uris=[CALLBACK], grants=["authorization_code", "refresh_token"], auth_method=method
    )
    scope = ["openid", "offline_access", "projects:read"]
    session = OAuth2Session(client["id"], redirect_uri=CALLBACK, scope=scope, pkce="S256")
    address, state = session.authorization_url(world.at["authorization_endpoint"])
    landed = world.person.approves(address)
    # Without a secret it says who it is in the body, which has to be asked for.
    proof = {"client_secret": client["secret"]} if client["secret"] else {"include_client_id": True}
    token = session.fetch_token(world.at["token_endpoint"], authorization_response=landed, **proof)
    assert token["token_type"] == "Bearer" and token["id_token"], token
    projects = f"{world.url}/api/v1/projects"
    assert session.get(projects).status_code == 200

    secret = {"client_secret": client["secret"]} if method == "client_secret_post" else {}
    basic = HTTPBasicAuth(client["id"], client["secret"]) if method == "client_secret_basic" else None
    named = {} if basic else {"client_id": client["id"]}
    fresh = session.refresh_token(world.at["token_endpoint"], auth=basic, **named, **secret)
    assert fresh["access_token"] != token["access_token"]
    assert session.get(projects).status_code == 200
    world.revoked(client, fresh["refresh_token"])
    assert session.get(projects).status_code == 401
    try:
        session.refresh_token(world.at["token_endpoint"], auth=basic, **named, **secret)
    except InvalidGrantError:
        pass
    else:
        raise AssertionError("a token that was ended is renewed")


def acts_for_itself(world):
    client = world.register(grants=["client_credentials"], roles=["user"], auth_method="client_secret_basic")
    session = OAuth2Session(client=BackendApplicationClient(client["id"], scope=["projects:read"]))
    proof = HTTPBasicAuth(client["id"], client["secret"])
    token = session.fetch_token(world.at["token_endpoint"], auth=proof)
    assert token["scope"] == ["projects:read"], token
    assert session.get(f"{world.url}/api/v1/projects").status_code == 200
    world.revoked(client, token["access_token"])
    assert session.get(f"{world.url}/api/v1/projects").status_code == 401


def main():
    world = World(json.loads(sys.argv[1]))
    for method in ["none", "client_secret_basic", "client_secret_post"]:
        signs_in(world, method)
        print("code:", method)
    acts_for_itself(world)
    print("client credentials")


if __name__ == "__main__":
    main()
