"""After publication: an episode is changed, corrected, withdrawn, as a producer would do it."""

from __future__ import annotations

import json
import shlex
import shutil
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import InvalidEpisode, Refused
from pipeline.publish.serve import application
from pipeline.show import load_show, withdrawn_slugs
from pipeline.stages.amending import correct, withdraw
from pipeline.stages.deploying import Options, publish
from pipeline.stages.run import approve, run
from pipeline.stages.status import State, page_sections, read_episode, remembered_digests, survey
from tests.episodes import ADA, NOW, add_episode

LATER = NOW + timedelta(days=1)


def quiet(slug: str, stage: str, part: float) -> None:
    """Report to nobody."""


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show that was published, made once; each test changes a copy."""
    root = add_episode(tmp_path_factory.mktemp("once"), "first-talk")
    run(root, NOW, quiet)
    publish(root, NOW, Options(verify=False))
    return root


@pytest.fixture
def published(once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(once, tmp_path / once.name)


def change(root: Path, name: str, old: str, new: str) -> None:
    path = root / "episodes" / "first-talk" / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def codes(root: Path) -> set[str | None]:
    return {getattr(problem, "code", None) for status in survey(root, LATER) for problem in status.problems}


def test_a_published_episode_keeps_its_words_beside_it(published: Path) -> None:
    record = json.loads((published / "episodes" / "first-talk" / "published.json").read_text("utf-8"))
    assert "381 cases" in record["sections"]["notes"]
    assert "Ben Guest: Thank you." in record["sections"]["transcript"]
    before = (published / "episodes" / "first-talk" / "published.json").stat().st_mtime_ns
    run(published, LATER, quiet)
    publish(published, LATER, Options(verify=False))
    assert (published / "episodes" / "first-talk" / "published.json").stat().st_mtime_ns == before


def test_what_was_only_looked_at_may_change_unseen(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    run(root, NOW, quiet)
    assert not (root / "episodes" / "first-talk" / "published.json").exists()
    change(root, "notes.md", "381 cases", "318 cases")
    assert "change-untold" not in codes(root)


def test_a_changed_word_is_refused_until_it_is_told(published: Path) -> None:
    change(published, "notes.md", "381 cases", "318 cases")
    with pytest.raises(Refused, match=r"“381” became “318”.*onrecord correct first-talk"):
        approve(published, "first-talk", ADA, LATER)
    (made,) = correct(published, "first-talk", kind="correction", by="Ada Host", now=LATER)
    assert (made.said, made.says) == ("There were 381 cases.", "There were 318 cases.")
    assert made.where == ("notes",)
    approve(published, "first-talk", ADA, LATER)
    result = run(published, LATER, quiet)
    assert result.statuses[0].state is State.PUBLISHED
    # What was told is part of what was published: nothing is asked for twice.
    assert codes(published) == set()


@pytest.mark.parametrize(
    ("old", "new", "said", "says", "note"),
    [
        ("There were 381", "There 381", "There were 381 cases.", "There 381 cases.", None),
        ("There were 381", "There were only 381", "There were 381 cases.", "There were only 381 cases.", None),
        (" There were 381 cases.", "", "There were 381 cases.", None, "This was taken out."),
        ("381 cases.", "381 cases. Nobody knows more.", None, "Nobody knows more.", "This was added."),
        ("were 381 cases", "are 381 cases now", "There were 381 cases.", "There are 381 cases now.", None),
    ],
)
def test_words_taken_out_or_added_are_found_and_recorded(
    published: Path, old: str, new: str, said: str | None, says: str | None, note: str | None
) -> None:
    change(published, "transcript.md", old, new)
    assert "change-untold" in codes(published)
    (made,) = correct(published, "first-talk", kind="correction", by="Ada Host", now=LATER)
    assert (made.said, made.says, made.note) == (said, says, note)
    assert not codes(published) & {"change-untold", "correction-unfounded"}


def test_a_sentence_taken_out_needs_no_note_where_it_is_taken_back(published: Path) -> None:
    change(published, "transcript.md", " There were 381 cases.", "")
    (made,) = correct(published, "first-talk", kind="retraction", by="Ada Host", now=LATER)
    assert (made.said, made.note) == ("There were 381 cases.", None)


def test_the_gate_names_a_command_that_works_as_it_stands(published: Path) -> None:
    change(published, "notes.md", "381 cases", "318 cases")
    (remedy,) = {one.remedy for status in survey(published, LATER) for one in status.problems if "381" in one.what}
    command = remedy.split("onrecord ", 1)[1].split(";")[0]
    result = CliRunner().invoke(app, [*shlex.split(command), "--root", str(published)])
    assert result.exit_code == 0, result.output


def test_a_struck_name_stands_in_no_record_and_is_asked_for_nowhere(published: Path) -> None:
    folder = published / "episodes" / "first-talk"
    (folder / "redactions.toml").write_text(
        '[[redactions]]\nstart = "00:03.500"\nend = "00:03.800"\n', encoding="utf-8"
    )
    # published.json has the word still: it was said when that was written.
    assert "381" in json.loads((folder / "published.json").read_text("utf-8"))["sections"]["transcript"]
    assert "change-untold" not in codes(published)
    change(published, "transcript.md", "There were", "There are")
    (made,) = correct(published, "first-talk", kind="correction", by="Ada Host", now=LATER)
    assert made.said == "There were [name withheld] cases."
    assert made.says == "There are [name withheld] cases."
    assert "381" not in (folder / "episode.toml").read_text("utf-8")
    assert not codes(published) & {"change-untold", "correction-unfounded"}


def test_what_is_kept_of_a_publication_is_struck(published: Path) -> None:
    folder = published / "episodes" / "first-talk"
    (folder / "redactions.toml").write_text(
        '[[redactions]]\nstart = "00:03.500"\nend = "00:03.800"\n', encoding="utf-8"
    )
    show = load_show(published)
    reading = read_episode(show, show.episodes[0], remembered_digests(published))
    sections = page_sections(show, reading.episode, reading.transcript, reading.notes_markdown, reading.subject)
    assert "There were [name withheld] cases." in sections["transcript"]


def test_what_a_person_wrote_in_episode_toml_is_kept(published: Path) -> None:
    path = published / "episodes" / "first-talk" / "episode.toml"
    path.write_text(f"# our own words\n{path.read_text('utf-8')}", encoding="utf-8")
    before = path.read_text("utf-8")
    correct(published, "first-talk", kind="update", by="Ada Host", now=LATER, note="More has become known.")
    after = path.read_text("utf-8")
    assert after.startswith(before.rstrip("\n"))
    assert after.count("[[corrections]]") == 1
    correct(published, "first-talk", kind="update", by="Ada Host", now=LATER, note="And more.")
    assert path.read_text("utf-8").count("[[corrections]]") == 2


def test_a_dry_run_changes_nothing(published: Path) -> None:
    change(published, "notes.md", "381 cases", "318 cases")
    before = (published / "episodes" / "first-talk" / "episode.toml").read_bytes()
    assert correct(published, "first-talk", kind="correction", by="Ada Host", now=LATER, dry_run=True)
    assert (published / "episodes" / "first-talk" / "episode.toml").read_bytes() == before


def test_there_is_nothing_to_correct_before_publication_or_without_a_change(tmp_path: Path, published: Path) -> None:
    with pytest.raises(Refused, match="nothing has changed"):
        correct(published, "first-talk", kind="correction", by="Ada Host", now=LATER)
    root = add_episode(tmp_path / "other", "first-talk")
    with pytest.raises(Refused, match="never published"):
        correct(root, "first-talk", kind="correction", by="Ada Host", now=LATER)


def test_an_invalid_correction_is_not_written(published: Path) -> None:
    before = (published / "episodes" / "first-talk" / "episode.toml").read_bytes()
    with pytest.raises(InvalidEpisode, match="retraction needs said"):
        correct(published, "first-talk", kind="retraction", by="Ada Host", now=LATER, says="Nothing.")
    assert (published / "episodes" / "first-talk" / "episode.toml").read_bytes() == before


def test_the_command_finds_and_records(published: Path) -> None:
    change(published, "transcript.md", "381 cases", "318 cases")
    asked = ["correct", "first-talk", "--kind", "correction", "--by", "Ada Host", "--root", str(published), "--json"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    (made,) = json.loads(result.stdout)
    assert made["where"] == ["transcript"]
    assert made["says"] == "There were 318 cases."


def test_a_record_that_cannot_be_read_stops_the_episode(published: Path) -> None:
    (published / "episodes" / "first-talk" / "published.json").write_text("{", encoding="utf-8")
    (status,) = survey(published, LATER)
    assert status.state is State.INVALID
    assert "no change could be told" in status.because


def test_withdrawing_leaves_nothing_in_the_site(published: Path) -> None:
    add_episode(published.parent, "second-talk", number=2, title="Another")
    run(published, NOW, quiet)
    done = withdraw(published, "first-talk", by="Ada Host", now=LATER, reason="The guest asked.")
    site = published / "site"
    for path in site.rglob("*"):
        assert "first-talk" not in path.name
        if path.is_file():
            content = path.read_bytes()
            for words in (b"first-talk", b"First talk", b"7b0c6a3e-0000-4000-8000-000000000001"):
                assert words not in content, (path, words)
    assert (site / "second-talk" / "index.html").exists()
    assert {status.slug: status.state for status in survey(published, LATER)}["first-talk"] is State.WITHDRAWN
    assert "location ^~ /first-talk/ { return 410; }" in (published / "build/withdrawn/nginx.conf").read_text("utf-8")
    assert any("https://show.example/first-talk/" in one.ask for one in done.holders)
    assert not any("asked" in path.read_text("utf-8") for path in site.rglob("*.html"))
    # What people wrote is still theirs.
    assert (published / "episodes" / "first-talk" / "transcript.md").exists()


def test_a_withdrawn_episode_stays_withdrawn_whatever_its_marker_says(published: Path) -> None:
    (published / "episodes" / "first-talk" / "withdrawn.toml").write_text("nonsense", encoding="utf-8")
    result = run(published, LATER, quiet)
    assert result.statuses[0].state is State.INVALID
    assert not (published / "site" / "first-talk").exists()


def test_a_dry_withdrawal_changes_nothing(published: Path) -> None:
    withdraw(published, "first-talk", by="Ada Host", now=LATER, reason=None, dry_run=True)
    assert (published / "site" / "first-talk" / "index.html").exists()
    assert not load_show(published).withdrawn
    with pytest.raises(Refused, match="no such episode"):
        withdraw(published, "no-talk", by="Ada Host", now=LATER, reason=None)


def test_our_own_server_says_gone(published: Path) -> None:
    withdraw(published, "first-talk", by="Ada Host", now=LATER, reason=None)
    client = TestClient(application(published / "site", withdrawn_slugs(published)))
    for path in ("/first-talk/", "/first-talk/index.html", "/first-talk/anything.mp3"):
        assert client.get(path).status_code == httpx.codes.GONE
    assert client.get("/").status_code == httpx.codes.OK
    assert client.get("/first-talking/").status_code == httpx.codes.NOT_FOUND
