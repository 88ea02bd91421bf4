"""Signatures as Standard Webhooks has them, so that any of its libraries can check ours."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

_PREFIX = "whsec_"


def signing_key(secret: str) -> bytes:
    """Return the key that a secret stands for: `whsec_` and Base64, or the text itself as UTF-8.

    Raises ValueError, without the secret in it, where the Base64 is broken or nothing is left.
    """
    key = _decode(secret.removeprefix(_PREFIX)) if secret.startswith(_PREFIX) else secret.encode()
    if not key:
        raise ValueError("the secret is empty")
    return key


def signed_headers(
    keys: Iterable[bytes], message_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """Return the three headers of one attempt made at `at`; no signature without a key.

    Several keys give several signatures: a receiver that knows any of them is content.
    """
    seconds = str(int(at.timestamp()))
    headers = {"webhook-id": message_id, "webhook-timestamp": seconds}
    signed = b".".join([message_id.encode(), seconds.encode(), body])
    signatures = [_signature(key, signed) for key in keys]
    return headers | ({"webhook-signature": " ".join(signatures)} if signatures else {})


def _signature(key: bytes, signed: bytes) -> str:
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _decode(text: str) -> bytes:
    padding = "=" * (-len(text) % 4)  # some generators leave it out
    try:
        return base64.b64decode(text + padding, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the secret starts with whsec_, but no Base64 follows") from None
