"""Real web servers on loopback, with the very files of docs/servers/: only the port and the folders are put in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.serving import free_port, wait_for

EXAMPLES = Path(__file__).parents[1] / "docs" / "servers"
# Debian keeps servers where only root's PATH leads.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def program(name: str, package: str) -> str:
    """The path of a program; the test is skipped where it is not installed."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        pytest.skip(f"{name} is not on this machine (Debian's package {package}; .setup/servers installs it)")
    return found


@contextmanager
def nginx(site: Path, folder: Path, port: int = 0, withdrawn: str = "") -> Iterator[str]:
    """docs/servers/nginx.conf serving `site`, with the rules `withdrawn`; gives the address. `folder` is its own."""
    server, port = program("nginx", "nginx"), port or free_port()
    folder.mkdir()
    (folder / "onrecord-withdrawn.conf").write_text(withdrawn, "utf-8")
    text = (EXAMPLES / "nginx.conf").read_text("utf-8")
    text = _put(text, r"listen 80;", f"listen 127.0.0.1:{port};")
    text = _put(text, r"listen \[::\]:80;", "")
    text = _put(text, r"root /srv/www/show/current;", f'root "{site}";')
    text = _put(text, r"/etc/nginx/onrecord-withdrawn", f"{folder}/onrecord-withdrawn")
    (folder / "site.conf").write_text(text, "utf-8")
    # The frame as Debian's nginx.conf has it, with every path in this folder. What root wrote here, root must serve.
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"""{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
        events {{}}
        http {{ types {{ text/html html; }} default_type application/octet-stream; access_log off; sendfile on;
        {temporary}
        include {folder}/site.conf; }}""",
        "utf-8",
    )
    with _running([server, "-e", f"{folder}/error.log", "-p", str(folder), "-c", f"{folder}/nginx.conf"], port):
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def caddy(site: Path, folder: Path, port: int = 0, withdrawn: str = "") -> Iterator[str]:
    """docs/servers/Caddyfile serving `site`, with the rules `withdrawn`; gives the address. `folder` is its own."""
    server, port = program("caddy", "caddy"), port or free_port()
    folder.mkdir()
    (folder / "onrecord-withdrawn").write_text(withdrawn, "utf-8")
    text = (EXAMPLES / "Caddyfile").read_text("utf-8")
    text = _put(text, r"(?m)^show\.example\.org \{", f"http://127.0.0.1:{port} {{")
    text = _put(text, r"root \* /srv/www/show/current", f'root * "{site}"')
    text = _put(text, r"/etc/caddy/onrecord-withdrawn", f"{folder}/onrecord-withdrawn")
    frame = "{\n\tadmin off\n\tauto_https off\n}\n"
    (folder / "Caddyfile").write_text(frame + text, "utf-8")
    homes = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    command = [server, "run", "--config", f"{folder}/Caddyfile", "--adapter", "caddyfile"]
    with _running(command, port, os.environ | homes):
        yield f"http://127.0.0.1:{port}/"


def _put(text: str, pattern: str, value: str) -> str:
    changed, count = re.subn(pattern, lambda _: value, text, count=1)
    assert count == 1, pattern
    return changed


@contextmanager
def _running(command: list[str], port: int, environment: dict[str, str] | None = None) -> Iterator[None]:
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(port, process)
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)
