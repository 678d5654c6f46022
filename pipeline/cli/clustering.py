"""Commands for who lets other machines help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import out


@app.command("cluster-certificate", epilog="Example: onrecord cluster-certificate ~/cluster-keys")
def cluster_certificate(
    folder: Annotated[Path, typer.Argument(help="Where to write cert.pem and key.pem.", file_okay=False)],
) -> None:
    """Make the certificate that a scheduler, its workers and those who use them know one another by."""
    from pipeline.cluster.certificate import make_certificate

    certificate, key = make_certificate(folder.resolve())
    out.print(Text(f"{certificate}\n{key}"))
    out.print(
        Text(
            f"Copy both to every machine of the cluster, and to nobody else: who has {key.name} can run programs there."
        )
    )
    out.print("On the machine of the show:")
    for name, path in (("CA", certificate), ("CERT", certificate), ("KEY", key)):
        out.print(Text(f"  export ONRECORD_CLUSTER_{name}={path}"))
