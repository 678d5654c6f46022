"""From what show.toml says of a target to the target itself. What is heavy is imported by the kind that needs it."""

from __future__ import annotations

from pathlib import Path

from pipeline import files
from pipeline.publish.deploy.targets import Target
from pipeline.show.publishing import BranchTarget, FolderTarget, ShellTarget, StoreTarget, TargetSettings


def target_of(settings: TargetSettings, root: Path) -> Target:
    """The target; a relative path is one below the show's `root`, and `~` is your home."""
    match settings:
        case FolderTarget():
            from pipeline.publish.deploy.folder import Folder  # noqa: PLC0415  only what is used is loaded

            return Folder(root / Path(settings.path).expanduser())
        case StoreTarget():
            from pipeline.publish.deploy.store import Store  # noqa: PLC0415  likewise

            return Store(settings)
        case ShellTarget(kind="sftp"):
            from pipeline.publish.deploy.sftp import Sftp  # noqa: PLC0415  likewise

            return Sftp(settings.host, settings.path, settings.user, settings.port)
        case ShellTarget():
            from pipeline.publish.deploy.rsync import Rsync  # noqa: PLC0415  likewise

            return Rsync(settings.host, settings.path, settings.user, settings.port)
        case BranchTarget():
            from pipeline.publish.deploy.git_branch import GitBranch  # noqa: PLC0415  likewise

            # What git keeps between publications, one folder for each repository.
            kept = files.digest_bytes(settings.repository.encode()).removeprefix("sha256:")[:12]
            repository = settings.repository
            if "://" not in repository and (Path(repository).expanduser().is_dir() or (root / repository).is_dir()):
                repository = str((root / Path(repository).expanduser()).resolve())
            return GitBranch(repository, settings.branch, root / "build" / "git" / f"{kept}.git")
