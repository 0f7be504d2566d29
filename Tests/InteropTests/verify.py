"""Verifies requests with other people's code: one JSON object a line in, one a line out.

Standard Webhooks by `standardwebhooks` and by `svix`, Stripe's header by `stripe`, Ed25519 by `cryptography`; the plain HMAC
forms, which platforms document in a sentence and have no package for, by Python's own `hmac`.
"""

import base64
import hashlib
import hmac
import json
import re
import sys
from urllib.parse import urlsplit

import standardwebhooks
import stripe
import svix
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def header(case, name):
    values = [value for key, value in case["headers"] if key.lower() == name.lower()]
    return values[0] if len(values) == 1 else None


def signed_content(case, body):
    """What is signed, put together from the headers as a receiver has them."""
    timestamp = header(case, "webhook-timestamp") or case.get("timestamp", "")
    identifier = header(case, "webhook-id") or case.get("id", "")
    if "{" in case.get("content", ""):
        url = urlsplit(case["url"])
        target = url.path + ("?" + url.query if url.query else "")
        values = {"method": "POST", "url": case["url"], "host": url.netloc, "path": target}
        values |= {"id": identifier, "timestamp": timestamp}
        pieces = re.split(r"\{(\w+)\}", case["content"])
        return b"".join(
            body if index % 2 and piece == "body" else (values[piece] if index % 2 else piece).encode()
            for index, piece in enumerate(pieces)
        )
    parts = {
        "body": [],
        "timestamp.body": [timestamp],
        "id.timestamp.body": [identifier, timestamp],
    }[case.get("content", "body")]
    return b"".join(part.encode() + b"." for part in parts) + body


def decoded(text, encoding):
    return bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)


def signatures(case):
    """The header's signatures without their prefix; None for one that lacks it."""
    value = header(case, case["header"]) or ""
    for part in value.split(case["separator"]) if case.get("separator") else [value]:
        if part.startswith("t=") and case.get("prefix"):
            continue
        yield part.removeprefix(case.get("prefix", "")) if part.startswith(case.get("prefix", "")) else None


def verify_library(library):
    def verify(case, body):
        headers = {key.lower(): value for key, value in case["headers"]}
        library.Webhook(case["key"]).verify(body.decode(), headers)
        return True

    return verify


def verify_stripe(case, body):
    return stripe.WebhookSignature.verify_header(body.decode(), header(case, case["header"]), case["key"], 300)


def verify_ed25519(case, body):
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(case["key"].removeprefix("whpk_")))
    for signature in signatures(case):
        try:
            key.verify(decoded(signature or "", case["encoding"]), signed_content(case, body))
            return True
        except (InvalidSignature, ValueError):
            continue
    return False


def verify_hmac(case, body):
    key = case["key"].encode() if case["keyEncoding"] == "text" else decoded(case["key"], case["keyEncoding"])
    digest = hmac.new(key, signed_content(case, body), getattr(hashlib, case["hash"])).digest()
    expected = digest.hex() if case["encoding"] == "hex" else base64.b64encode(digest).decode()
    return any(found is not None and hmac.compare_digest(found, expected) for found in signatures(case))


def verify_plain(case, body):
    return hmac.compare_digest((header(case, case["header"]) or "").encode(), case["key"].encode())


def verify_basic(case, body):
    scheme, _, encoded = (header(case, "authorization") or "").partition(" ")
    return scheme == "Basic" and base64.b64decode(encoded, validate=True).decode() == case["key"]


VERIFIERS = {
    "standardwebhooks": verify_library(standardwebhooks),
    "svix": verify_library(svix),
    "stripe": verify_stripe,
    "ed25519": verify_ed25519,
    "hmac": verify_hmac,
    "plain": verify_plain,
    "basic": verify_basic,
}
# What a library throws over a request that it refuses; anything else is a mistake of ours and ends the run.
REFUSALS = (
    standardwebhooks.WebhookVerificationError,
    svix.webhooks.WebhookVerificationError,
    stripe.SignatureVerificationError,
)

for line in sys.stdin:
    case = json.loads(line)
    try:
        verdict = bool(VERIFIERS[case["verifier"]](case, base64.b64decode(case["body"])))
    except REFUSALS:
        verdict = False
    print(json.dumps({"name": case["name"], "verified": verdict}))
