"""The timestamp authority: RFC 3161, its tokens in the Cryptographic Message Syntax (RFC 5652, RFC 5816)."""

from __future__ import annotations

import hashlib
import itertools
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from . import der
from .certificates import authority_certificate, chain_of, common_name, issuer_key, key_usage

_SHA256: Final = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
_ECDSA_SHA256: Final = der.sequence(der.oid("1.2.840.10045.4.3.2"))
_SIGNED_DATA: Final = der.oid("1.2.840.113549.1.7.2")
_TST_INFO: Final = der.oid("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE: Final = der.oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST: Final = der.oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2: Final = der.oid("1.2.840.113549.1.9.16.2.47")
_POLICY: Final = der.oid("1.3.6.1.4.1.57264.2")


class TimestampAuthority:
    """A root, and a certificate that may do nothing but sign timestamps."""

    def __init__(self) -> None:
        root_key, self._key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self._root = authority_certificate("local timestamp root", root_key, "local timestamp root", root_key)
        self._certificate = _timestamping_certificate(self._key, root_key)
        self._serials = itertools.count(1)

    def answer(self, request: bytes) -> bytes:
        """Answer a TimeStampReq with a TimeStampResp. Raises ValueError or IndexError when it is none."""
        ((_, content, _),) = der.elements(request)
        _, imprint, *rest = der.elements(content)
        nonce = [whole for tag, _, whole in rest if tag == der.INTEGER]
        info = der.sequence(
            der.integer(1),
            _POLICY,
            imprint[2],
            der.integer(next(self._serials)),
            der.generalized_time(datetime.now(timezone.utc)),
            *nonce,
        )
        return der.sequence(
            der.sequence(der.integer(0)), der.sequence(_SIGNED_DATA, der.explicit(0, self._signed_data(info)))
        )

    def trusted(self, url: str) -> dict[str, Any]:
        return chain_of(url, self._certificate, self._root)

    def _signed_data(self, info: bytes) -> bytes:
        return der.sequence(
            der.integer(3),
            der.set_of(_SHA256),
            der.sequence(_TST_INFO, der.explicit(0, der.octets(info))),
            der.explicit(0, self._certificate.public_bytes(serialization.Encoding.DER)),
            der.set_of(self._signer_info(info)),
        )

    def _signer_info(self, info: bytes) -> bytes:
        certificate = self._certificate.public_bytes(serialization.Encoding.DER)
        signing_certificate = der.sequence(der.sequence(der.sequence(der.octets(hashlib.sha256(certificate).digest()))))
        attributes = (
            der.sequence(_CONTENT_TYPE, der.set_of(_TST_INFO)),
            der.sequence(_MESSAGE_DIGEST, der.set_of(der.octets(hashlib.sha256(info).digest()))),
            der.sequence(_SIGNING_CERTIFICATE_V2, der.set_of(signing_certificate)),
        )
        signature = self._key.sign(der.set_of(*attributes), ec.ECDSA(hashes.SHA256()))
        return der.sequence(
            der.integer(1),
            der.sequence(self._certificate.issuer.public_bytes(), der.integer(self._certificate.serial_number)),
            _SHA256,
            der.explicit(0, *sorted(attributes)),
            _ECDSA_SHA256,
            der.octets(signature),
        )


def _timestamping_certificate(
    key: ec.EllipticCurvePrivateKey, root_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now = datetime.now(timezone.utc).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(common_name("local timestamps"))
        .issuer_name(common_name("local timestamp root"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer_key(root_key), critical=False)
        .sign(root_key, hashes.SHA256())
    )
