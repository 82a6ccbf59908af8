"""The lab's certificate authority.

Keys are on the curve P-256: made in a millisecond, and what every component accepts.
"""

import datetime as dt
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME: Final = dt.timedelta(days=3650)
_CLOCK_SKEW: Final = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, or a public and a private key, as PEM."""

    public: str
    private: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a certificate is for: Kubernetes reads user and groups from it."""

    user: str
    groups: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    """IP addresses and DNS names it answers under, as a server."""


class Authority:
    """Signs certificates, and keeps what it signed in a directory."""

    def __init__(self, directory: Path, now: dt.datetime) -> None:
        self._directory = directory
        self._now = now
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def authority(self) -> KeyPair:
        """The authority's own certificate and key."""
        return self._kept("ca") or self._make_authority()

    def certificate(self, name: str, subject: Subject) -> KeyPair:
        """The certificate kept under a name; signed now if there is none."""
        return self._kept(name) or self._sign(name, subject)

    def signing_key(self, name: str) -> KeyPair:
        """A bare pair of keys, such as ServiceAccount tokens are signed with."""
        if kept := self._kept(name):
            return kept
        key = _new_key()
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return self._keep(name, KeyPair(public.decode(), _private_pem(key)))

    def _make_authority(self) -> KeyPair:
        key = _new_key()
        name = _name(Subject("perigee-lab"))
        certificate = (
            self._builder(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage(signs=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        return self._keep("ca", KeyPair(_public_pem(certificate), _private_pem(key)))

    def _sign(self, name: str, subject: Subject) -> KeyPair:
        authority = self.authority
        issuer = x509.load_pem_x509_certificate(authority.public.encode())
        signer = serialization.load_pem_private_key(authority.private.encode(), password=None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{self._directory}/ca.key is not a key this lab made")
        key = _new_key()
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        builder = (
            self._builder(_name(subject), issuer.subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
        )
        if subject.addresses:
            names = x509.SubjectAlternativeName(_alternatives(subject.addresses))
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(signer, hashes.SHA256())
        return self._keep(name, KeyPair(_public_pem(certificate), _private_pem(key)))

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - _CLOCK_SKEW)
            .not_valid_after(self._now + _LIFETIME)
        )

    def _kept(self, name: str) -> KeyPair | None:
        public, private = self._paths(name)
        try:
            return KeyPair(public.read_text(), private.read_text())
        except FileNotFoundError:
            return None

    def _keep(self, name: str, pair: KeyPair) -> KeyPair:
        public, private = self._paths(name)
        # The key last: a pair counts as kept only once both are there.
        for path, text in ((public, pair.public), (private, pair.private)):
            new = path.with_name(f"{path.name}.new")
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
            new.replace(path)
        return pair

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self._directory / f"{name}.crt", self._directory / f"{name}.key"


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(subject: Subject) -> x509.Name:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in subject.groups]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, subject.user)])


def _alternatives(addresses: Sequence[str]) -> list[x509.GeneralName]:
    return [_alternative(address) for address in addresses]


def _alternative(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(address))
    except ValueError:
        return x509.DNSName(address)


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _public_pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
