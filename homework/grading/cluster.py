"""Where hand-ins are graded: by workers on this machine, or by those of a running scheduler."""

import contextlib
import ipaddress
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from homework.grading.worker import CannotGrade

if TYPE_CHECKING:
    from distributed import Client


@contextlib.contextmanager
def local(workers: int) -> Iterator["Client"]:
    """Give a dask client with workers on this machine, which nobody else can talk to."""
    import dask
    from distributed import Client, LocalCluster, Security

    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        security = Security.temporary()
        # Ctrl+C is for this process, which then ends the others.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            protocol="tls://",
            security=security,
            dashboard_address="127.0.0.1:0",
            memory_limit="2GB",
            silence_logs=50,
        )
        signal.signal(signal.SIGINT, before)
        with cluster, Client(cluster, security=security) as client:
            yield client


@contextlib.contextmanager
def remote(address: str, certificates: Path | None) -> Iterator["Client"]:
    """Give a dask client of a scheduler that is running.

    Args:
        address: such as ``"tls://10.0.0.5:8786"``.
        certificates: a folder with ca.pem, cert.pem and key.pem, or None.

    Raises:
        CannotGrade: if the way there is not encrypted, or nobody answers.
    """
    from distributed import Client, Security

    security = None
    if certificates is not None:
        security = Security(
            tls_ca_file=str(certificates / "ca.pem"),
            tls_client_cert=str(certificates / "cert.pem"),
            tls_client_key=str(certificates / "key.pem"),
            require_encryption=True,
        )
    try:
        client = Client(address, security=security, timeout=10)
    except (OSError, ValueError) as error:
        said = str(error).splitlines()[0][:200]
        why = f"no scheduler answers at {address}: is it running there? ({said})"
        raise CannotGrade(why) from None
    with client:
        yield client


def require_safe(address: str, certificates: Path | None) -> None:
    """Make sure that what goes to a scheduler can't be read or forged on the way.

    Raises:
        CannotGrade: if it could be.
    """
    try:
        parts = urlsplit(address)
        host, scheme, port = parts.hostname or "", parts.scheme, parts.port
    except ValueError:
        host, scheme, port = "", "", None
    if scheme not in ("tls", "tcp") or not host or port is None:
        raise CannotGrade(f"--scheduler should be like tls://host:8786, but it is {address!r}.")
    loopback = host == "localhost"
    with contextlib.suppress(ValueError):
        loopback = loopback or ipaddress.ip_address(host).is_loopback
    if scheme == "tcp" and not loopback:
        raise CannotGrade(
            f"{address} is on a network, where others could read the hand-ins or send orders of "
            "their own: use tls:// with --certificates FOLDER."
        )
    if scheme == "tls":
        names = ("ca.pem", "cert.pem", "key.pem")
        missing = [n for n in names if certificates is None or not (certificates / n).is_file()]
        if missing:
            where = certificates or "a folder named by --certificates"
            raise CannotGrade(f"tls:// needs {', '.join(missing)} in {where}.")
