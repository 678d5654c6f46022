"""Optional signatures on approvals, with the keys people already have: `ssh-keygen -Y` (OpenSSH 8.1 or newer).

The signature of `approvals/X.json` is `approvals/X.json.sig`, in the namespace `onrecord-approval`. Who may sign
for whom is said by `episodes/allowed_signers`, in ssh-keygen's own format: a line per key that begins with the mail
address of the approval (ALLOWED SIGNERS in ssh-keygen's manual). A signature proves a key, not a person: keep that
file under review like the text.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from pipeline import files
from pipeline.errors import MissingTool, Problem, Refused, ToolFailed

NAMESPACE = "onrecord-approval"
ALLOWED_SIGNERS_NAME = "allowed_signers"
_PATIENCE_SECONDS = 30


def signature_path(record: Path) -> Path:
    """Where the signature of a record stands."""
    return record.with_name(f"{record.name}.sig")


def sign(record: Path, key: Path) -> Path:
    """Sign a record with an SSH key (private, or public with its agent); returns the signature's path.

    ssh-keygen may ask for the key's passphrase on the terminal. Raises MissingTool, Refused, ToolFailed.
    """
    if not key.is_file():
        raise Refused(Problem(str(key), "there is no such key", "Name the file of an SSH key"))
    content = record.read_bytes()
    made = subprocess.run(  # noqa: S603  arguments are a list, the program is found by name
        [_ssh_keygen(), "-q", "-Y", "sign", "-f", str(key), "-n", NAMESPACE],
        input=content,
        capture_output=True,
        check=False,
    )
    if made.returncode or not made.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        reason = made.stderr.decode("utf-8", "replace").strip() or "no reason was given"
        raise ToolFailed(Problem(str(key), f"ssh-keygen could not sign ({reason})", "Check the key and its passphrase"))
    path = signature_path(record)
    files.write_bytes(path, made.stdout)
    return path


def is_signed(record: Path) -> bool:
    """Whether a signature stands beside the record; `verify` says whether it is good."""
    return signature_path(record).exists()


def verify(content: bytes, signature: Path, mail: str, allowed_signers: Path) -> bool:
    """Whether `signature` is good for `content`, in our namespace, by a key allowed to sign for `mail`.

    Raises MissingTool where ssh-keygen is not there: what cannot be checked is not taken for good.
    """
    if not allowed_signers.is_file() or not signature.is_file():
        return False
    checked = subprocess.run(  # noqa: S603  arguments are a list, the program is found by name
        [
            _ssh_keygen(), "-q", "-Y", "verify", "-f", str(allowed_signers), "-I", mail, "-n", NAMESPACE,
            "-s", str(signature),
        ],
        input=content,
        capture_output=True,
        check=False,
        timeout=_PATIENCE_SECONDS,
    )  # fmt: skip
    return checked.returncode == 0


def _ssh_keygen() -> str:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise MissingTool(
            Problem("ssh-keygen", "it is needed for signatures and is not on this machine", "Install OpenSSH's client")
        )
    return program
