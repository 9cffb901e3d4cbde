"""An authority, a server and a client, made with openssl for one test run."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="not run: no openssl command on this machine"
)


@dataclass(frozen=True)
class Certificates:
    folder: Path

    def path(self, name: str) -> str:
        return str(self.folder / name)

    @property
    def listener(self) -> tuple[str, ...]:
        """Lines of mosquitto.conf for a TLS listener."""
        return (
            f"cafile {self.path('ca.pem')}",
            f"certfile {self.path('server.pem')}",
            f"keyfile {self.path('server.key')}",
        )


def make(folder: Path, server_name: str = "IP:127.0.0.1") -> Certificates:
    """Write ca.pem, server.pem/.key (for `server_name`), client.pem/.key and stranger.pem."""
    for authority in ("ca", "stranger"):
        _openssl(folder, f"req -x509 {_key(authority)} -out {authority}.pem -subj /CN={authority}")
    for name, alternative in (("server", server_name), ("client", "DNS:client")):
        (folder / f"{name}.ext").write_text(f"subjectAltName={alternative}\n")
        _openssl(folder, f"req {_key(name)} -out {name}.csr -subj /CN={name}")
        _openssl(
            folder,
            f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1"
            f" -extfile {name}.ext -out {name}.pem",
        )
    return Certificates(folder)


def _key(name: str) -> str:
    return f"-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key"


def _openssl(folder: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True)
