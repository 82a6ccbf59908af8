import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from perigee_lab.certificates import Authority, Subject

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SUBJECT = Subject("system:node:sat-1", ("system:nodes",), ("sat-1", "10.77.0.11"))


def parsed(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def test_a_certificate_says_who_it_is_for_and_is_signed_by_the_authority(tmp_path: Path) -> None:
    authority = Authority(tmp_path, NOW)
    certificate = parsed(authority.certificate("sat-1", SUBJECT).public)
    certificate.verify_directly_issued_by(parsed(authority.authority.public))
    names = {each.oid: each.value for each in certificate.subject}
    assert names == {
        NameOID.COMMON_NAME: "system:node:sat-1",
        NameOID.ORGANIZATION_NAME: "system:nodes",
    }
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternatives.get_values_for_type(x509.DNSName) == ["sat-1"]
    address = ipaddress.ip_address("10.77.0.11")
    assert alternatives.get_values_for_type(x509.IPAddress) == [address]


def test_it_is_valid_now_and_for_clocks_a_little_behind(tmp_path: Path) -> None:
    certificate = parsed(Authority(tmp_path, NOW).certificate("sat-1", SUBJECT).public)
    assert certificate.not_valid_before_utc == NOW - dt.timedelta(hours=1)
    assert certificate.not_valid_after_utc > NOW + dt.timedelta(days=365)


def test_only_the_authority_may_sign(tmp_path: Path) -> None:
    authority = Authority(tmp_path, NOW)
    pairs = {True: authority.authority, False: authority.certificate("sat-1", SUBJECT)}
    for may_sign, pair in pairs.items():
        extensions = parsed(pair.public).extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
        assert constraints.ca is may_sign
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        assert usage.key_cert_sign is may_sign


def test_what_was_made_is_kept_and_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    first, second = Authority(tmp_path, NOW), Authority(tmp_path, NOW)
    assert first.authority == second.authority
    assert first.certificate("sat-1", SUBJECT) == second.certificate("sat-1", SUBJECT)
    assert first.signing_key("tokens") == second.signing_key("tokens")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_half_a_pair_is_made_anew(tmp_path: Path) -> None:
    authority = Authority(tmp_path, NOW)
    lost = authority.certificate("sat-1", SUBJECT)
    (tmp_path / "sat-1.key").unlink()
    assert authority.certificate("sat-1", SUBJECT) != lost
