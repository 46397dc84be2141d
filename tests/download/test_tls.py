"""Certificates, good and bad, made here for servers on the loopback."""

import asyncio
import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from linkcrawl.records import Fetch, Outcome
from tests.download.servers import PAGE, Run, fetching, keeps_sending_page, serving

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Issuer:
    """A certificate authority of the test's own."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    pem: Path


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def signed(
    subject: str, key: ec.EllipticCurvePrivateKey, issuer: Issuer | None, ends: datetime.datetime
) -> x509.Certificate:
    """A certificate for a host (or an address); without an issuer it signs itself."""
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(subject))
    except ValueError:
        alternative = x509.DNSName(subject)
    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer.certificate.subject if issuer else name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 10 * DAY)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = signed("issuer.test", key, None, NOW + DAY)
    pem = tmp_path_factory.mktemp("ca") / "ca.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Issuer(key, certificate, pem)


def server_context(
    folder: Path, host: str, issuer: Issuer | None, ends: datetime.datetime = NOW + DAY
) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed(host, key, issuer, ends).public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def fetch_over(tls: ssl.SSLContext, url: str = "https://a.test/", **more: Any) -> Fetch:
    async with serving(keeps_sending_page([]), tls) as port, fetching(port, **more) as fetcher:
        return await fetcher.fetch(url)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("a.test", "https://a.test/"),
        ("*.a.test", "https://b.a.test/"),
        ("10.1.2.3", "https://10.1.2.3/"),
        ("::5", "https://[::5]/"),
    ],
)
def test_a_good_certificate(run: Run[Any], tmp_path: Path, issuer: Issuer, host: str, url: str) -> None:
    """For the host of the URL, not the address that --connect-to leads to."""
    fetch = run(fetch_over(server_context(tmp_path, host, issuer), url, ca_file=str(issuer.pem)))
    assert (fetch.outcome, fetch.body, fetch.ip) == (Outcome.OK, PAGE, "127.0.0.1")


def test_an_unknown_issuer(run: Run[Any], tmp_path: Path, issuer: Issuer) -> None:
    fetch = run(fetch_over(server_context(tmp_path, "a.test", issuer)))
    assert fetch.outcome is Outcome.TLS_ERROR
    assert fetch.error == "certificate: unable to get local issuer certificate"


def test_self_signed(run: Run[Any], tmp_path: Path) -> None:
    fetch = run(fetch_over(server_context(tmp_path, "a.test", None)))
    assert fetch.outcome is Outcome.TLS_ERROR
    assert fetch.error in ("certificate: self-signed certificate", "certificate: self signed certificate")


def test_expired(run: Run[Any], tmp_path: Path, issuer: Issuer) -> None:
    tls = server_context(tmp_path, "a.test", issuer, NOW - DAY)
    fetch = run(fetch_over(tls, ca_file=str(issuer.pem)))
    assert (fetch.outcome, fetch.error) == (Outcome.TLS_ERROR, "certificate: certificate has expired")


@pytest.mark.parametrize("url", ["https://b.test/", "https://10.1.2.3/"])
def test_a_wrong_name(run: Run[Any], tmp_path: Path, issuer: Issuer, url: str) -> None:
    fetch = run(fetch_over(server_context(tmp_path, "a.test", issuer), url, ca_file=str(issuer.pem)))
    assert fetch.outcome is Outcome.TLS_ERROR
    assert fetch.error is not None
    assert "mismatch" in fetch.error


def test_without_verifying_each_of_them_is_read(run: Run[Any], tmp_path: Path, issuer: Issuer) -> None:
    for host, signer, ends in (("b.test", None, NOW - DAY), ("a.test", issuer, NOW + DAY)):
        tls = server_context(tmp_path, host, signer, ends)
        assert run(fetch_over(tls, tls_verify=False)).outcome is Outcome.OK


def test_a_server_that_speaks_no_tls(run: Run[Any]) -> None:
    async def talks_plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def main() -> Fetch:
        async with serving(talks_plain) as port, fetching(port) as fetcher:
            return await fetcher.fetch("https://a.test/")

    fetch = run(main())
    assert fetch.outcome is Outcome.TLS_ERROR
    assert fetch.error


def test_http_to_a_tls_server_is_no_answer(run: Run[Any], tmp_path: Path, issuer: Issuer) -> None:
    fetch = run(fetch_over(server_context(tmp_path, "a.test", issuer), "http://a.test/"))
    assert fetch.outcome in (Outcome.BAD_RESPONSE, Outcome.CONNECT_ERROR)
