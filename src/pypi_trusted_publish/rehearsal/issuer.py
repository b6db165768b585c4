"""GitHub's identity tokens: the claims of a job, signed with a throw-away key."""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER: Final = "https://token.actions.githubusercontent.com"
LIFETIME: Final = 300
"""Seconds; GitHub's own tokens live about five minutes."""
LEEWAY: Final = 30
"""Seconds that PyPI allows a clock to be wrong."""


@functools.cache
def _key(number: int) -> rsa.RSAPrivateKey:  # noqa: ARG001 - a key for each number, made once
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def job_claims(  # what GitHub says of a job that names an environment
    *,
    repository: str = "octo-org/sampleproject",
    workflow: str = "release.yml",
    ref: str = "refs/tags/v1.0.0",
    environment: str = "release",
    event_name: str = "push",
    owner_id: str = "65",
    sha: str = "f" * 40,
) -> dict[str, Any]:
    """The claims of one job, without those that are made anew for each token. An empty environment is absent."""
    owner = repository.split("/", maxsplit=1)[0]
    workflow_ref = f"{repository}/.github/workflows/{workflow}@{ref}"
    claims: dict[str, Any] = {
        "sub": f"repo:{repository}:environment:{environment}" if environment else f"repo:{repository}:ref:{ref}",
        "ref": ref,
        "sha": sha,
        "repository": repository,
        "repository_owner": owner,
        "repository_owner_id": owner_id,
        "run_id": "8153040201",
        "run_number": "12",
        "run_attempt": "1",
        "repository_visibility": "public",
        "repository_id": "74",
        "actor_id": "12",
        "actor": "octocat",
        "workflow": "Release",
        "head_ref": "",
        "base_ref": "",
        "event_name": event_name,
        "ref_protected": "false",
        "ref_type": "tag" if ref.startswith("refs/tags/") else "branch",
        "workflow_ref": workflow_ref,
        "workflow_sha": sha,
        "job_workflow_ref": workflow_ref,
        "job_workflow_sha": sha,
        "runner_environment": "github-hosted",
    }
    if environment:
        claims |= {"environment": environment, "environment_node_id": "EN_kwDOAAAASs4AAQ"}
    return claims


class Issuer:
    """Signs the claims of one job, as often as it is asked."""

    def __init__(self, claims: Mapping[str, Any], *, now: Callable[[], float]) -> None:
        self.claims = dict(claims)
        self.issued: list[str] = []
        """Every token, oldest first."""
        self._now = now
        self.key_id = uuid.uuid4().hex.upper()

    def identity_token(self, audience: str, *, lifetime: int = LIFETIME, foreign_key: bool = False) -> str:
        """A JSON Web Token for ``audience``; ``foreign_key`` signs with a key that nobody trusts."""
        now = int(self._now())
        claims = {
            "jti": str(uuid.uuid4()),
            "aud": audience,
            **self.claims,
            "iss": ISSUER,
            "nbf": now - 600,
            "exp": now + lifetime,
            "iat": now,
        }
        headers = {"kid": self.key_id, "x5t": self.key_id}
        self.issued.append(jwt.encode(claims, _key(int(foreign_key)), algorithm="RS256", headers=headers))
        return self.issued[-1]

    def verify(self, token: str, audience: str) -> dict[str, Any]:
        """The claims of a token that is signed by this issuer, for ``audience``, and of this time.

        Raises ``jwt.InvalidTokenError``.
        """
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(0).public_key(),
            algorithms=["RS256"],
            audience=audience,
            issuer=ISSUER,
            leeway=LEEWAY,
            options={
                "require": ["iss", "iat", "exp", "aud"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
        now = self._now()
        if claims["exp"] < now - LEEWAY:
            raise jwt.ExpiredSignatureError("expired")
        if claims["iat"] > now + LEEWAY:
            raise jwt.ImmatureSignatureError("not yet")
        return claims

    def key_set(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_key(0).public_key()))
        return {"keys": [{**key, "kid": self.key_id, "use": "sig", "alg": "RS256"}]}
