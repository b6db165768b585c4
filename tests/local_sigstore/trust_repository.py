"""The repository of the trust data, by The Update Framework (its specification, version 1.0), made with ``tuf``."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone
from typing import Final, TypeVar

from securesystemslib.signer._crypto_signer import CryptoSigner
from tuf.api._payload import MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.metadata import Metadata
from tuf.api.serialization.json import JSONSerializer

S = TypeVar("S", Root, Timestamp, Snapshot, Targets)

FOLDER: Final = "/trust"
ROLES: Final = ("timestamp", "snapshot", "targets", "root")


class TrustRepository:
    """One version of everything, signed by one key; ``documents`` are what is served, by path."""

    def __init__(self, configuration: str, *, lifetime: timedelta = timedelta(days=1)) -> None:
        self._signer = CryptoSigner.generate_ecdsa()
        self._expires = (datetime.now(timezone.utc) + lifetime).replace(microsecond=0)
        self.documents: dict[str, bytes] = {}
        parts = json.loads(configuration)
        targets = Targets(expires=self._expires)
        for part, name in (("trustedRoot", "trusted_root.json"), ("signingConfig", "signing_config.v0.2.json")):
            if part in parts:
                self._add_target(targets, name, json.dumps(parts[part]).encode())
        root = Root(expires=self._expires)
        for role in ROLES:
            root.add_key(self._signer.public_key, role)
        self._publish("1.targets.json", targets)
        self._publish("1.snapshot.json", Snapshot(expires=self._expires))
        self._publish("timestamp.json", Timestamp(expires=self._expires, snapshot_meta=MetaFile(1)))
        self.root = self._publish("1.root.json", root)

    def _add_target(self, targets: Targets, name: str, data: bytes) -> None:
        targets.targets[name] = TargetFile.from_data(name, data)
        self.documents[f"{FOLDER}/targets/{hashlib.sha256(data).hexdigest()}.{name}"] = data

    def _publish(self, name: str, signed: S) -> bytes:
        metadata = Metadata(signed)
        metadata.sign(self._signer)
        data = metadata.to_bytes(JSONSerializer(compact=True))
        self.documents[f"{FOLDER}/{name}"] = data
        return data
