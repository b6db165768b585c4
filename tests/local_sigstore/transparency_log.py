"""The transparency log: a Merkle tree of entries (RFC 6962) behind version 1 of Rekor's interface.

Sources: github.com/sigstore/rekor, openapi.yaml and pkg/types/dsse; RFC 6962, section 2.1; RFC 8785 for the signed
entry timestamp; github.com/transparency-dev/formats for the checkpoint.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from .keys import LogKey

HOST: Final = "127.0.0.1"
"""The name in a checkpoint's signature line must be that of the log's URL."""


class AlreadyLoggedError(Exception):
    """An equivalent entry is in the log."""


class Log:
    """Entries of the kind ``dsse``, in the order in which they came."""

    def __init__(self) -> None:
        self._key = LogKey()
        self._bodies: list[bytes] = []
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        return len(self._bodies)

    def add(self, proposed: dict[str, Any]) -> dict[str, Any]:
        """Take a proposed entry and return it as the interface does.

        Raises ValueError or KeyError when it is no entry with a good signature, AlreadyLoggedError when it is there.
        """
        body = _canonical(_dsse_body(proposed))
        with self._lock:
            if body in self._bodies:
                raise AlreadyLoggedError
            self._bodies.append(body)
            return {_leaf(body).hex(): self._entry(len(self._bodies) - 1)}

    def instance(self, url: str) -> dict[str, Any]:
        return self._key.instance(url)

    def _entry(self, index: int) -> dict[str, Any]:
        body = base64.b64encode(self._bodies[index]).decode()
        signed = {
            "body": body,
            "integratedTime": int(time.time()),
            "logID": self._key.key_id.hex(),
            "logIndex": index,
        }
        leaves = [_leaf(one) for one in self._bodies]
        return {
            **signed,
            "verification": {
                "inclusionProof": {
                    "checkpoint": self._checkpoint(_root(leaves), len(leaves)),
                    "hashes": [step.hex() for step in _path(index, leaves)],
                    "logIndex": index,
                    "rootHash": _root(leaves).hex(),
                    "treeSize": len(leaves),
                },
                "signedEntryTimestamp": base64.b64encode(self._key.sign(_canonical(signed))).decode(),
            },
        }

    def _checkpoint(self, root: bytes, size: int) -> str:
        note = f"{HOST} - 1\n{size}\n{base64.b64encode(root).decode()}\n"
        signature = self._key.key_id[:4] + self._key.sign(note.encode())
        return f"{note}\n\u2014 {HOST} {base64.b64encode(signature).decode()}\n"


def _dsse_body(proposed: dict[str, Any]) -> dict[str, Any]:
    if (proposed["kind"], proposed["apiVersion"]) != ("dsse", "0.0.1"):
        raise ValueError("only dsse 0.0.1")
    content = proposed["spec"]["proposedContent"]
    (verifier,) = content["verifiers"]
    envelope = json.loads(content["envelope"])
    (signature,) = envelope["signatures"]
    payload = base64.b64decode(envelope["payload"])
    certificate = x509.load_pem_x509_certificate(base64.b64decode(verifier))
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    kind = envelope["payloadType"]
    encoded = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    key.verify(base64.b64decode(signature["sig"]), encoded, ec.ECDSA(hashes.SHA256()))
    return {
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {
            "envelopeHash": _sha256(content["envelope"].encode()),
            "payloadHash": _sha256(payload),
            "signatures": [{"signature": signature["sig"], "verifier": verifier}],
        },
    }


def _sha256(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def _canonical(document: dict[str, Any]) -> bytes:
    """RFC 8785, for documents of ASCII texts and integers."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _leaf(body: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + body).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return int(1 << (size - 1).bit_length() - 1)


def _root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return _node(_root(leaves[:split]), _root(leaves[split:]))


def _path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*_path(index, leaves[:split]), _root(leaves[split:])]
    return [*_path(index - split, leaves[split:]), _root(leaves[:split])]
