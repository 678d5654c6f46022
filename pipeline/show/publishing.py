"""show.toml on publishing: where `site/` is put, and who is told of it.

No credential is ever a setting: they come from the environment, or from the files of the tools that use them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from pipeline.show.fields import Line, Switch, Value, WebAddress

TargetName = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=40)]
Prefix = Annotated[str, Field(pattern=r"^(?:[A-Za-z0-9._~-]+/?)*$")]
# An option of a program (ssh, git) begins with a hyphen; no host, branch or path of ours may be taken for one.
Plain = Annotated[Line, Field(pattern=r"^[^-]")]
_SECRET_WORDS = ("secret", "password", "passphrase", "token", "access_key", "account_key", "private_key", "credential")


def _without_secrets(table: Any) -> Any:
    if isinstance(table, dict):
        for key in table:
            if any(word in str(key).lower().replace("-", "_") for word in _SECRET_WORDS):
                raise ValueError(
                    f"“{key}” is a credential, and this file is shared; delete it here, change it where it was "
                    "issued, and give it through the environment (docs/publishing.md)"
                )
    return table


class _Target(Value):
    """What every target may have: what is called when files there became others.

    `purge` is a program with its arguments, which reads the changed addresses on its standard input, one a line;
    `purge_url` is sent them as JSON.
    """

    purge: Annotated[tuple[Line, ...], Field(min_length=1)] | None = None
    purge_url: WebAddress | None = None

    @model_validator(mode="before")
    @classmethod
    def _holds_no_secret(cls, table: Any) -> Any:
        return _without_secrets(table)


class FolderTarget(_Target):
    """A folder of this machine: releases in it, and `current`, which a web server's root points to."""

    kind: Literal["folder"]
    path: Line


class StoreTarget(_Target):
    """A bucket of an object store. `endpoint` is for stores that speak S3 and are not Amazon's."""

    kind: Literal["s3", "gcs", "azure"]
    bucket: Annotated[Line, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    prefix: Prefix = ""
    region: Annotated[Line, Field(pattern=r"^[a-z0-9-]+$")] | None = None
    endpoint: WebAddress | None = None
    virtual_hosts: Switch = False

    @model_validator(mode="after")
    def _endpoint_is_for_s3(self) -> Self:
        if self.kind != "s3" and (self.endpoint or self.region or self.virtual_hosts):
            raise ValueError('endpoint, region and virtual_hosts are for kind = "s3"')
        return self


class ShellTarget(_Target):
    """A folder of another machine, reached by SSH; `host` may be a name of ~/.ssh/config."""

    kind: Literal["sftp", "rsync"]
    host: Plain
    path: Plain
    user: Plain | None = None
    port: Annotated[int, Field(strict=True, ge=1, le=65535)] | None = None


class BranchTarget(_Target):
    """A branch of a git repository, for hosts that serve one; `repository` is what git push takes."""

    kind: Literal["git"]
    repository: Plain
    branch: Annotated[Plain, Field(pattern=r"^[A-Za-z0-9._/-]+$")] = "gh-pages"


def _kind_first(table: Any) -> Any:
    # Said before the union looks for it, so that the message names the kinds and not the models.
    kinds = ("folder", "s3", "gcs", "azure", "sftp", "rsync", "git")
    if isinstance(table, dict) and table.get("kind") not in kinds:
        raise ValueError(f"kind must be one of {', '.join(kinds)}")
    return table


TargetSettings = Annotated[
    FolderTarget | StoreTarget | ShellTarget | BranchTarget, Field(discriminator="kind"), BeforeValidator(_kind_first)
]


class AnnounceSettings(Value):
    """Who is told that the feed is another: the hub the feed names (WebSub), and Podping."""

    websub_hub: WebAddress | None = None
    podping: Switch = False
