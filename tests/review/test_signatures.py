"""Signatures on approvals, by the real ssh-keygen: tampering, another key and another purpose are refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.errors import Refused, ToolFailed
from pipeline.review import approvals, signatures
from pipeline.show.settings import ApprovalPolicy
from tests.review.test_approvals import approve, root, subject

__all__ = ["root"]  # a fixture, by its name

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen (OpenSSH's client)")

SIGNED = ApprovalPolicy(require_signature=True)


def make_key(folder: Path, name: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)], check=True)
    return folder / name


def allow(root: Path, mail: str, key: Path) -> None:
    line = f'{mail} namespaces="onrecord-approval" {key.with_suffix(".pub").read_text()}'
    (root / "episodes" / "allowed_signers").write_text(line)


def codes(root: Path, policy: ApprovalPolicy = SIGNED) -> list[str]:
    verdict = approvals.judge(root / "episodes" / "first-talk", "first-talk", subject(root), policy)
    return [refusal.code for refusal in verdict.refusals("first-talk")]


def test_a_good_signature_is_enough_and_none_is_not(root: Path, tmp_path: Path) -> None:
    record = approve(root)
    assert codes(root) == ["approval-unsigned", "approval-second-missing"]
    key = make_key(tmp_path, "ada")
    allow(root, "ada@show.example", key)
    signatures.sign(record, key)
    assert codes(root) == []


def test_a_record_changed_after_signing_does_not_hold(root: Path, tmp_path: Path) -> None:
    record = approve(root)
    key = make_key(tmp_path, "ada")
    allow(root, "ada@show.example", key)
    signatures.sign(record, key)
    record.write_bytes(record.read_bytes().replace(b"I listened", b"I Listened"))
    assert "approval-signature-bad" in codes(root)
    assert "approval-signature-bad" in codes(root, ApprovalPolicy())


def test_another_key_another_person_and_another_purpose_are_refused(root: Path, tmp_path: Path) -> None:
    record = approve(root)
    key, other = make_key(tmp_path, "ada"), make_key(tmp_path, "other")
    allow(root, "ada@show.example", other)
    signatures.sign(record, key)
    assert "approval-signature-bad" in codes(root)
    allow(root, "ben@show.example", key)
    assert "approval-signature-bad" in codes(root)
    allow(root, "ada@show.example", key)
    assert codes(root) == []
    signatures.signature_path(record).unlink()
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", "git", str(record)], check=True)
    assert "approval-signature-bad" in codes(root)


def test_a_key_that_is_none_is_explained(root: Path, tmp_path: Path) -> None:
    record = approve(root)
    with pytest.raises(Refused, match="no such key"):
        signatures.sign(record, tmp_path / "gone")
    (tmp_path / "text").write_text("not a key")
    with pytest.raises(ToolFailed, match="could not sign"):
        signatures.sign(record, tmp_path / "text")
    assert not signatures.is_signed(record)
