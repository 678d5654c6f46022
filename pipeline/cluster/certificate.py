"""The certificate of a cluster: who has its key can run programs on all the cluster's machines."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from pipeline.errors import MissingTool, Problem, Refused

_DAYS = 365


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write `cert.pem` and `key.pem` for a cluster: one certificate, which signs itself, for all its machines.

    Who has the key can run programs on all of them. It is valid for a year. Raises MissingTool without openssl,
    Refused where there is one already.
    """
    certificate, key = folder / "cert.pem", folder / "key.pem"
    if certificate.exists() or key.exists():
        raise Refused(Problem(str(folder), "there is a certificate already", "Delete it, or name another folder"))
    program = shutil.which("openssl")
    if program is None:
        raise MissingTool(Problem("openssl", "it is not on this machine", "Install it: apt-get install openssl"))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    old = os.umask(0o077)
    try:
        subprocess.run(  # noqa: S603  a list, no shell, our own arguments
            [
                program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", str(_DAYS),
                "-subj", "/CN=onrecord-cluster", "-keyout", str(key), "-out", str(certificate),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise MissingTool(
            Problem(
                "openssl", f"it makes no certificate ({error.stderr.decode(errors='replace').strip()})", "Update it"
            )
        ) from error
    finally:
        os.umask(old)
    return certificate, key
