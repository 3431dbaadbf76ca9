"""What is tried against tokens, and that it fails; RFC 8725 lists most of it."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ai2text.api_gateway.issuer_keys import IssuerKeys
from ai2text.api_gateway.settings import JwtSettings, TrustedIssuer
from ai2text.api_gateway.tokens import LONGEST, TokenRefused, Tokens
from ai2text.common.errors import Misconfigured, Unavailable
from tests.fixtures.key_server import ISSUER, KeyServer, claims, key_server, public

OWN_KEY = "0123456789abcdef0123456789abcdef"
OWN_ISSUER = "ai2text-embedded"
SCOPES = frozenset({"recordings:read", "admin"})
ALGORITHMS = {"one": "RS256", "curve": "ES256", "edwards": "EdDSA"}


@pytest.fixture(scope="module")
def server() -> Iterator[KeyServer]:
    with key_server() as running:
        for kid, algorithm in ALGORITHMS.items():
            running.publish(kid, algorithm)
        yield running


@pytest.fixture(scope="module")
def tokens(server: KeyServer) -> Tokens:
    issuer = TrustedIssuer(issuer=ISSUER, jwks_url=server.url, algorithms=("RS256", "ES256", "EdDSA"))
    return Tokens(JwtSettings(key=OWN_KEY, issuers=(issuer,)))


def own(key: str = OWN_KEY, algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(**{"iss": OWN_ISSUER, **changes}), key, algorithm)


def part(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(header: object, payload: object, signature: bytes = b"") -> str:
    return f"{part(header)}.{part(payload)}.{part(signature)}"


def by_hand(header: dict[str, Any], payload: object, key: Any) -> str:
    """Signed as the header says, whatever libraries think of it."""
    signing = f"{part(header)}.{part(payload)}"
    return f"{signing}.{part(jwt.get_algorithm_by_name(header['alg']).sign(signing.encode(), key))}"


async def subject(tokens: Tokens, token: str) -> str:
    return (await tokens.bearer_of(token)).subject


async def refused(tokens: Tokens, token: str) -> None:
    with pytest.raises(TokenRefused) as refusal:
        await tokens.bearer_of(token)
    assert refusal.value.code == "invalid_token"
    assert "key" not in refusal.value.detail.lower()


async def test_a_token_of_the_shared_key_says_who_calls(tokens: Tokens) -> None:
    bearer = await tokens.bearer_of(own())
    assert (bearer.tenant, bearer.subject, bearer.scopes) == ("default", "annotator", SCOPES)


@pytest.mark.parametrize("kid", ALGORITHMS)
async def test_a_token_of_an_issuer_with_public_keys_says_who_calls(
    tokens: Tokens, server: KeyServer, kid: str
) -> None:
    bearer = await tokens.bearer_of(server.token(kid, ALGORITHMS[kid]))
    assert (bearer.tenant, bearer.subject, bearer.scopes) == ("default", "annotator", SCOPES)


async def test_scopes_may_be_a_list_and_tenants_may_be_the_issuers(server: KeyServer) -> None:
    issuer = TrustedIssuer(issuer=ISSUER, jwks_url=server.url, tenant="speech", scope_claim="scp")
    bearer = await Tokens(JwtSettings(issuers=(issuer,))).bearer_of(server.token(scp=["admin", "models:write"]))
    assert (bearer.tenant, bearer.scopes) == ("speech", frozenset({"admin", "models:write"}))


@pytest.mark.parametrize("claim", ["exp", "iat", "iss", "aud", "sub", "tenant"])
@pytest.mark.parametrize("sign", ["own", "public"])
async def test_each_claim_is_required(tokens: Tokens, server: KeyServer, claim: str, sign: str) -> None:
    gone: dict[str, Any] = {claim: None}
    await refused(tokens, own(**gone) if sign == "own" else server.token(**gone))


IN_AN_HOUR = 3600
CHANGES: dict[str, Callable[[int], dict[str, Any]]] = {
    "of somebody": lambda _: {"iss": "somebody"},
    "for something else": lambda _: {"aud": "something"},
    "for several, not us": lambda _: {"aud": ["something", "else"]},
    "expired": lambda now: {"iat": now - 700, "exp": now - 100},
    "for ever": lambda now: {"exp": now + 10**12},
    "for longer than numbers go": lambda _: {"exp": 1e308},
    "infinite": lambda _: {"exp": float("inf")},
    "no number": lambda _: {"exp": float("nan")},
    "true": lambda _: {"iat": True},
    "a word": lambda now: {"exp": f"{now + 600}"},
    "a list": lambda now: {"exp": [now + 600]},
    "ended before it began": lambda now: {"iat": now + 5, "exp": now + 5},
    "not yet issued": lambda now: {"iat": now + IN_AN_HOUR, "exp": now + 2 * IN_AN_HOUR},
    "not yet valid": lambda now: {"nbf": now + IN_AN_HOUR},
    "a tenant elsewhere": lambda _: {"tenant": "../other"},
    "two tenants": lambda _: {"tenant": ["default", "other"]},
    "an empty tenant": lambda _: {"tenant": ""},
}


async def test_by_hand_is_as_good_as_by_library(tokens: Tokens, server: KeyServer) -> None:
    """Otherwise whatever is signed by hand would be refused for that."""
    assert await subject(tokens, by_hand({"alg": "HS256"}, claims(iss=OWN_ISSUER), OWN_KEY.encode()))
    assert await subject(tokens, by_hand({"alg": "RS256", "kid": "one"}, claims(), server.private["one"]))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("sign", ["own", "public"])
async def test_a_wrong_claim_is_refused(tokens: Tokens, server: KeyServer, change: str, sign: str) -> None:
    changes = CHANGES[change](int(time.time()))
    if sign == "own":
        await refused(tokens, by_hand({"alg": "HS256"}, claims(**{"iss": OWN_ISSUER, **changes}), OWN_KEY.encode()))
    else:
        await refused(tokens, by_hand({"alg": "RS256", "kid": "one"}, claims(**changes), server.private["one"]))


async def test_another_key_is_refused(tokens: Tokens, server: KeyServer) -> None:
    await refused(tokens, own("f" * 32))
    stranger = rsa.generate_private_key(65537, 2048)
    await refused(tokens, jwt.encode(claims(), stranger, "RS256", {"kid": "one"}))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "HS257", "HS384", "RS512"])
async def test_another_algorithm_is_refused(tokens: Tokens, algorithm: str) -> None:
    await refused(tokens, unsigned({"alg": algorithm, "typ": "JWT"}, claims(iss=OWN_ISSUER)))
    await refused(tokens, unsigned({"alg": algorithm, "typ": "JWT", "kid": "one"}, claims()))


async def test_a_strong_signature_of_an_algorithm_that_is_not_the_issuers_is_refused(
    tokens: Tokens, server: KeyServer
) -> None:
    await refused(tokens, own(OWN_KEY * 2, "HS512"))
    await refused(tokens, server.token("one", "RS512"))
    await refused(tokens, server.token("one", "PS256"))


async def test_the_public_key_is_no_shared_secret(tokens: Tokens, server: KeyServer) -> None:
    """The classical confusion: what everybody can read taken for an HMAC key."""
    public = server.private["one"].public_key()
    for form in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(server.keys[0]).encode(),
    ):
        for header in ({"alg": "HS256", "kid": "one"}, {"alg": "HS256"}):
            await refused(tokens, by_hand(header, claims(), form))


async def test_the_shared_key_opens_nothing_for_the_other_issuer(tokens: Tokens, server: KeyServer) -> None:
    await refused(tokens, own(iss=ISSUER))
    await refused(tokens, server.token(iss=OWN_ISSUER))


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_key_of_another_type_is_refused(tokens: Tokens, algorithm: str) -> None:
    for kid, own_algorithm in ALGORITHMS.items():
        if own_algorithm != algorithm:
            await refused(tokens, unsigned({"alg": algorithm, "kid": kid}, claims(), b"\0" * 64))


@pytest.mark.parametrize(
    "kid",
    [None, "", 1, True, ["one"], {"kid": "one"}, "../one", "one\0", "one' OR '1'='1", "/dev/null", "x" * 10_000, "ONE"],
    ids=lambda kid: repr(kid)[:20],
)
async def test_a_key_that_is_not_named_plainly_is_refused(tokens: Tokens, server: KeyServer, kid: object) -> None:
    await refused(tokens, by_hand({"alg": "RS256", "kid": kid}, claims(), server.private["one"]))


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "crit"])
async def test_a_token_that_brings_its_own_key_is_refused(tokens: Tokens, server: KeyServer, name: str) -> None:
    asked = server.asked
    header: dict[str, Any] = {name: ["exp"] if name == "crit" else server.url}
    await refused(tokens, server.token(headers=header))
    assert server.asked <= asked + 1


@pytest.mark.parametrize("kind", ["logout+jwt", "dpop+jwt", "secevent+jwt", "JWE"])
async def test_a_token_of_another_kind_is_refused(tokens: Tokens, server: KeyServer, kind: str) -> None:
    await refused(tokens, server.token(headers={"typ": kind}))


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
async def test_access_tokens_are_of_these_kinds(tokens: Tokens, server: KeyServer, kind: str) -> None:
    assert await subject(tokens, server.token(headers={"typ": kind}))


DEEP = b"[" * 5000


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("x", id="one part"),
        pytest.param("a.b.c", id="no JSON"),
        pytest.param("..", id="empty parts"),
        pytest.param("a.b.c.d.e", id="encrypted"),
        pytest.param("\0", id="NUL"),
        pytest.param("ÿ.ÿ.ÿ", id="no ASCII"),
        pytest.param("\ud800.a.b", id="half a character"),
        pytest.param("x" * (LONGEST + 1), id="too long"),
        pytest.param(unsigned([], {}), id="header is a list"),
        pytest.param(unsigned("alg", {}), id="header is a word"),
        pytest.param(unsigned({"alg": "HS256"}, []), id="payload is a list"),
        pytest.param(unsigned({"alg": "HS256"}, {"iss": [OWN_ISSUER]}), id="issuer is a list"),
        pytest.param(unsigned({"alg": ["HS256"]}, {"iss": OWN_ISSUER}), id="algorithm is a list"),
        pytest.param(unsigned({"alg": {"a": 1}}, {"iss": OWN_ISSUER}), id="algorithm is a map"),
        pytest.param(unsigned(DEEP, {}), id="deep header"),
        pytest.param(unsigned({"alg": "HS256"}, DEEP), id="deep payload"),
        pytest.param(unsigned(b'{"alg":"HS256","alg":"none"}', {"iss": OWN_ISSUER}), id="two algorithms"),
        pytest.param(unsigned({"alg": "HS256"}, b"\xff\xfe"), id="payload is no UTF-8"),
        pytest.param(unsigned({"alg": "HS256"}, b"9" * 6000), id="a long number"),
    ],
)
async def test_what_is_no_token_is_refused(tokens: Tokens, token: str) -> None:
    await refused(tokens, token)


async def test_a_signature_cut_off_changed_or_of_another_token_is_refused(tokens: Tokens, server: KeyServer) -> None:
    good, other = server.token(), server.token(sub="administrator")
    head, body, signature = good.split(".")
    await refused(tokens, f"{head}.{body}.")
    await refused(tokens, f"{head}.{body}")
    await refused(tokens, f"{head}.{body}.{signature[:-8]}")
    await refused(tokens, f"{head}.{other.split('.')[1]}.{signature}")


async def test_a_weak_key_opens_nothing() -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - what shall be refused
    with key_server() as server:
        server.keys.append(public(weak, kid="weak"))
        issuer = TrustedIssuer(issuer=ISSUER, jwks_url=server.url)
        token = by_hand({"alg": "RS256", "kid": "weak"}, claims(), weak)
        await refused(Tokens(JwtSettings(issuers=(issuer,))), token)


async def test_a_shared_secret_among_the_public_keys_opens_nothing() -> None:
    with key_server() as server:
        server.keys.append({"kty": "oct", "k": part(OWN_KEY.encode()), "kid": "one"})
        server.publish("two")
        issuer = TrustedIssuer(issuer=ISSUER, jwks_url=server.url, algorithms=("RS256", "ES256"))
        tokens = Tokens(JwtSettings(issuers=(issuer,)))
        await refused(tokens, jwt.encode(claims(), OWN_KEY, "HS256", {"kid": "one"}))
        await refused(tokens, unsigned({"alg": "RS256", "kid": "one"}, claims(), b"\0" * 256))


async def test_a_token_is_looked_at_again_after_a_while_and_when_it_ends() -> None:
    now = [time.time()]
    with key_server() as server:
        server.publish("one")
        issuer = TrustedIssuer(issuer=ISSUER, jwks_url=server.url)
        keys = IssuerKeys(server.url, lambda: now[0])
        tokens = Tokens(JwtSettings(issuers=(issuer,)), lambda _: keys, lambda: now[0])
        token, short = server.token(), server.token(exp=int(now[0]) + 3)
        assert await tokens.bearer_of(token) is await tokens.bearer_of(token)
        first = await tokens.bearer_of(short)
        now[0] += 4
        assert await tokens.bearer_of(short) is not first, "within the leeway, by a second look"
        server.keys.clear()
        server.publish("two")
        now[0] += 400
        await refused(tokens, token)


async def test_an_issuer_that_is_away_is_no_fault_of_the_token() -> None:
    issuer = TrustedIssuer(issuer=ISSUER, jwks_url="http://127.0.0.1:1/certs")
    with key_server() as server:
        server.publish("one")
        with pytest.raises(Unavailable):
            await Tokens(JwtSettings(issuers=(issuer,))).bearer_of(server.token())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (JwtSettings(), "there is none"),
        (JwtSettings(key=OWN_KEY, issuers=(TrustedIssuer(issuer=OWN_ISSUER, jwks_url="https://x/"),)), OWN_ISSUER),
    ],
)
def test_issuers_that_are_missing_or_doubled_stop_the_service(settings: JwtSettings, words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        Tokens(settings)


def test_no_issuer_has_shared_and_public_keys() -> None:
    with pytest.raises(ValueError, match="algorithms"):
        TrustedIssuer(issuer=ISSUER, jwks_url="https://x/", algorithms=("RS256", "HS256"))
