"""show.toml on publishing: kinds of targets, and no credential among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InvalidShow
from pipeline.show import load_show
from pipeline.show.publishing import FolderTarget, StoreTarget
from tests.shows import make_show


def with_settings(tmp_path: Path, text: str) -> Path:
    root = make_show(tmp_path)
    path = root / "episodes" / "show.toml"
    path.write_text(f"{path.read_text('utf-8')}\n{text}", encoding="utf-8")
    return root


def test_targets_are_read_by_their_kind(tmp_path: Path) -> None:
    text = '[targets.web]\nkind = "folder"\npath = "/srv/www"\n[targets.far]\nkind = "s3"\nbucket = "our-show"\n'
    targets = load_show(with_settings(tmp_path, text)).settings.targets
    assert isinstance(targets["web"], FolderTarget)
    assert isinstance(targets["far"], StoreTarget)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[targets.web]\nkind = "floppy"\n', r"show\.toml:10: targets\.web: kind must be one of folder, s3"),
        ('[targets.web]\nkind = "s3"\nbucket = "a"\ncolour = 1\n', r"show\.toml:13: targets\.web\.colour: there is no"),
        ('[targets.web]\nkind = "git"\nrepository = "--exec=x"\n', r"show\.toml:12: targets\.web\.repository"),
        ('[targets.web]\nkind = "sftp"\nhost = "-oProxyCommand=x"\npath = "a"\n', r"show\.toml:12: targets\.web\.host"),
        ('[targets.web]\nkind = "s3"\nbucket = "a"\nsecret_access_key = "k"\n', r"“secret_access_key” is a credential"),
        ('[targets.web]\nkind = "s3"\nbucket = "a"\nendpoint = "https://u:p@h"\n', r"must not hold a user name"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidShow, match=said):
        load_show(with_settings(tmp_path, text))


def test_a_credential_is_never_repeated(tmp_path: Path) -> None:
    text = '[targets.web]\nkind = "s3"\nbucket = "a"\nsecret_access_key = "hunter2hunter2"\n'
    with pytest.raises(InvalidShow) as raised:
        load_show(with_settings(tmp_path, text))
    assert "hunter2" not in str(raised.value)
