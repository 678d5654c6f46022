"""The desk in a real browser: correcting, splitting, naming, finding, undoing, listening and checking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pipeline.align import align
from pipeline.transcript import Transcript, read_machine
from tests.review.desk_fixture import ADA, BEN, TALK, DeskPage

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Route

pytestmark = pytest.mark.browser

# Where the sound begins, however late the test asks.
NOTE_THE_BEGINNING = """() => {
    const begins = ({ target }) => { globalThis.beganMs = target.currentTime * 1000; };
    document.getElementById("audio").addEventListener("play", begins, { once: true });
}"""


def test_a_corrected_word_is_on_disk_within_a_second_and_the_others_keep_their_times(window: DeskPage) -> None:
    machine = read_machine(window.folder / "machine.json").words
    before = window.on_disk()
    window.select(2, "rowhinge")
    window.page.evaluate("addEventListener('keydown', ({ timeStamp }) => { globalThis.typedMs = timeStamp; })")
    window.type("Rohingya")
    window.wait_for(lambda: "Rohingya" in window.on_disk()[2].text, "the word is on disk")
    window.wait_saved()
    # How long the server takes for it is the machine's affair.
    sent = "performance.getEntriesByType('resource').findLast(({ name }) => name.endsWith('/transcript')).startTime"
    assert window.page.evaluate(f"{sent} - typedMs") < 3000
    after = window.on_disk()
    assert after[2].text == before[2].text.replace("rowhinge", "Rohingya")
    assert [one for place, one in enumerate(after) if place != 2] == [
        one for place, one in enumerate(before) if place != 2
    ]
    old, new = align(Transcript(before), machine)[2], align(Transcript(after), machine)[2]
    assert [(one.start_ms, one.end_ms) for one in new.words] == [(one.start_ms, one.end_ms) for one in old.words]
    kept = {one.provenance for one in new.words if one.text != "Rohingya"}
    assert kept == {"kept"}


def test_the_page_has_no_element_per_word(window: DeskPage) -> None:
    assert window.page.evaluate("document.querySelectorAll('#text *').length") < 10 * len(TALK)
    assert window.page.evaluate("[...document.querySelectorAll('.words')].every((one) => one.childNodes.length === 1)")


def test_enter_splits_and_backspace_joins_again(window: DeskPage) -> None:
    before = window.on_disk()
    window.caret_before(7, "We write")
    window.press("Enter")
    window.wait_for(lambda: len(window.on_disk()) == len(before) + 1, "there is one paragraph more")
    head, tail = window.on_disk()[7:9]
    assert head.text.endswith("as it is.")
    assert tail.text.startswith("We write a note")
    first_word = align(Transcript(before), read_machine(window.folder / "machine.json").words)[7].words[7]
    assert first_word.text == "We"
    assert tail.start_ms == first_word.start_ms
    window.press("Backspace")
    window.wait_for(lambda: window.on_disk() == before, "the text is as before")


def test_delete_at_the_end_joins_the_next_paragraph(window: DeskPage) -> None:
    window.select(1, "not yesterday.")
    window.page.evaluate("getSelection().collapseToEnd()")
    window.press("Delete")
    window.wait_for(lambda: len(window.on_disk()) == len(TALK) - 1, "two paragraphs are one")
    assert "not yesterday. We keep recordings" in window.on_disk()[1].text


@pytest.mark.parametrize(("scope", "named"), [("here", [5]), ("turn", [4, 5]), ("everywhere", [1, 2, 4, 5, 7, 9])])
def test_a_speaker_is_renamed_here_in_the_turn_or_everywhere(window: DeskPage, scope: str, named: list[int]) -> None:
    window.caret_before(5, "When")
    window.press("Alt+s")
    window.type("Béatrice N.")
    window.page.check(f"input[value={scope}]")
    window.page.click("dialog button.primary")
    window.wait_for(lambda: window.on_disk()[5].speaker == "Béatrice N.", "the name is on disk")
    assert [place for place, one in enumerate(window.on_disk()) if one.speaker == "Béatrice N."] == named
    window.press("Control+z")
    window.wait_for(lambda: window.on_disk()[5].speaker == BEN, "one undo took it back")
    assert {one.speaker for one in window.on_disk()} == {ADA, BEN}


def test_unintelligible_is_one_key(window: DeskPage) -> None:
    window.select(8, "sauce")
    window.press("Alt+x")
    window.wait_for(lambda: "the [unintelligible] is wrong" in window.on_disk()[8].text, "it is on disk")


def test_replacing_everywhere_is_one_step_with_one_undo_and_unticks_what_it_touches(window: DeskPage) -> None:
    before = window.on_disk()
    for index in (2, 3):
        window.caret_before(index, before[index].text[:6])
        window.press("Alt+y")
        window.until(f"document.querySelectorAll('.para')[{index}].classList.contains('ticked')")
    window.press("Alt+h")
    window.page.fill("#find-text", r"row(hinge)\b")
    window.page.check("#find-regular")
    window.page.fill("#find-replacement", "Ro$1ya")
    window.until("document.getElementById('find-status').textContent.startsWith('2 finds')")
    window.page.click("#replace-all")
    window.wait_for(lambda: "Rohingeya" in window.on_disk()[5].text, "both are replaced on disk")
    assert "Rohingeya" in window.on_disk()[2].text
    window.wait_saved()
    window.until("!document.querySelectorAll('.para')[2].classList.contains('ticked')")
    assert window.page.locator(".para.ticked").count() == 1
    window.page.focus(".words >> nth=0")
    window.press("Control+z")
    window.wait_for(lambda: window.on_disk() == before, "one undo took everything back")
    # The tick is bound to the text: with the old text it is there again.
    window.until("document.querySelectorAll('.para')[2].classList.contains('ticked')")


def test_a_broken_expression_is_said_and_replaces_nothing(window: DeskPage) -> None:
    before = window.texts()
    window.press("Alt+h")
    window.page.fill("#find-text", "(")
    window.page.check("#find-regular")
    window.until("document.getElementById('find-status').textContent.includes('not a regular')")
    window.page.click("#replace-all")
    assert window.texts() == before


def test_undo_and_redo_survive_a_reload(window: DeskPage) -> None:
    before = window.texts()
    window.select(2, "rowhinge")
    window.type("Rohingya")
    window.caret_before(7, "We write")
    window.press("Enter")
    after = window.texts()
    window.wait_saved()
    window.page.wait_for_timeout(700)  # the browser's own copy follows within that time
    window.page.reload()
    window.page.wait_for_selector("body[data-ready]")
    assert window.texts() == after
    window.page.focus(".words >> nth=0")
    for _ in range(6):
        window.press("Control+z")
    assert window.texts() == before
    for _ in range(6):
        window.press("Control+Shift+z")
    assert window.texts() == after
    window.wait_saved()
    assert [one.text for one in window.on_disk()] == after


def test_undo_takes_back_words_and_not_the_whole_sentence(window: DeskPage) -> None:
    window.caret_before(3, "How")
    window.type("one two three ")
    for rest in ("one two ", "one ", ""):
        window.press("Control+z")
        assert window.text(3) == f"{rest}{TALK[3][1]}"


def test_pasted_text_comes_as_plain_text_on_one_line(window: DeskPage, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    window.page.evaluate(
        """navigator.clipboard.write([new ClipboardItem({
            "text/html": new Blob(["<b>bold</b><br><h1>line</h1>"], { type: "text/html" }),
            "text/plain": new Blob(["bold\\nline"], { type: "text/plain" }),
        })])"""
    )
    window.caret_before(3, "How")
    window.press("Control+v")
    assert window.text(3).startswith("bold lineHow many")
    assert window.page.evaluate("document.querySelectorAll('.words')[3].childNodes.length") == 1


def test_typing_moves_the_words_behind_it_without_waiting_for_the_server(window: DeskPage) -> None:
    window.page.route("**/transcript", lambda route: route.abort())
    window.caret_before(4, "There")
    window.type("Well, ")
    window.caret_before(4, "381")
    window.page.evaluate(NOTE_THE_BEGINNING)
    window.press("Alt+p")
    window.until("globalThis.beganMs !== undefined")
    window.press("Alt+k")
    began_ms = window.page.evaluate("beganMs")
    word = align(Transcript(window.on_disk()), read_machine(window.folder / "machine.json").words)[4].words[2]
    assert word.text == "381"
    assert word.start_ms <= began_ms < word.start_ms + 900


def test_the_word_being_said_is_marked_and_the_paragraph_told(window: DeskPage) -> None:
    window.caret_before(4, "381")
    window.press("Alt+p")
    window.until("document.querySelectorAll('.para')[4].classList.contains('spoken')")
    spoken = """(() => {
        const [range] = CSS.highlights.get("spoken");
        return range.startContainer.data.slice(range.startOffset, range.endOffset);
    })()"""
    end = """document.querySelectorAll('.para')[5].classList.contains('spoken')"""
    window.page.evaluate(
        f"""() => {{
            globalThis.heard = new Set();
            const look = () => {{
                heard.add({spoken});
                if (!({end})) setTimeout(look, 50);
            }};
            look();
        }}"""
    )
    window.until(end)
    window.press("Alt+k")
    heard = set(window.page.evaluate("[...heard]"))
    assert len(heard & {"381", "recordings", "at", "the", "moment."}) >= 2


def test_where_people_talk_at_once_the_word_that_began_last_is_the_one_being_said(window: DeskPage) -> None:
    found = window.page.evaluate(
        """import("/static/words.js").then(({ paragraphAtTime }) => {
            const said = (...starts) => ({ start_ms: starts[0], times: starts.map((at) => [0, 1, at, at + 250, 0]) });
            const at_once = [said(0, 900, 1200, 5000), said(1000, 1300), { start_ms: null, times: [] }, said(9000)];
            return [-1, 0, 950, 1100, 1250, 1350, 6000, 9000].map((ms) => paragraphAtTime(at_once, ms));
        })"""
    )
    assert found == [-1, 0, 0, 1, 0, 1, 0, 3]


def test_a_double_click_plays_from_that_word(window: DeskPage) -> None:
    place = window.page.evaluate(
        """() => {
            const node = document.querySelectorAll('.words')[3].firstChild;
            const range = document.createRange();
            const at = node.data.indexOf('allowed');
            range.setStart(node, at);
            range.setEnd(node, at + 7);
            const box = range.getBoundingClientRect();
            return [box.left + box.width / 2, box.top + box.height / 2];
        }"""
    )
    window.page.evaluate(NOTE_THE_BEGINNING)
    window.page.mouse.dblclick(*place)
    window.until("globalThis.beganMs !== undefined")
    word = next(
        one
        for one in align(Transcript(window.on_disk()), read_machine(window.folder / "machine.json").words)[3].words
        if one.text == "allowed"
    )
    began_ms = window.page.evaluate("beganMs")
    assert word.start_ms <= began_ms < word.start_ms + 900


def test_speed_loop_and_seeking_by_keyboard(window: DeskPage) -> None:
    page = window.page
    window.caret_before(3, "How")
    window.press("Alt+Period", "Alt+Period", "Alt+Comma")
    assert page.evaluate("document.getElementById('audio').playbackRate") == 1.25
    for _ in range(20):
        window.press("Alt+Period")
    assert page.evaluate("document.getElementById('audio').playbackRate") == 3
    window.press("Alt+o", "Alt+p")
    start, end = 20_000, 24_200
    for _ in range(20):
        window.press("Alt+Comma")  # slowly, so that a busy machine does not run far beyond the end
    places = [0.0]

    def went_back() -> bool:
        places.append(page.evaluate("document.getElementById('audio').currentTime * 1000"))
        return places[-1] < places[-2]

    window.wait_for(went_back, "it goes back")
    window.press("Alt+k", "Alt+o")
    places.remove(0.0)
    assert max(places) - min(places) < end - start + 1500
    page.focus("#whole")
    window.press("Home", "ArrowRight", "ArrowRight", "PageUp")
    assert page.get_attribute("#whole", "aria-valuenow") == "32"
    assert page.get_attribute("#whole", "aria-valuetext") == "32 seconds of 1 minute 1 second"


def test_it_pauses_while_one_types_when_that_is_chosen(window: DeskPage) -> None:
    window.page.check("#typing-pauses")
    window.caret_before(3, "How")
    window.press("Alt+p")
    window.until("!document.getElementById('audio').paused")
    window.page.evaluate("document.getElementById('audio').onpause = () => { globalThis.pauses = true; }")
    window.type("So ")
    window.until("globalThis.pauses")
    window.until("!document.getElementById('audio').paused")
    window.press("Alt+k")


def test_what_was_played_is_recorded_and_a_jump_is_not(window: DeskPage) -> None:
    page = window.page
    page.evaluate("document.getElementById('audio').currentTime = 10")
    # The page itself jumps and stops: by the time of the recording, not by how quick this test is.
    page.evaluate(
        """() => {
            const audio = document.getElementById("audio");
            const look = () => {
                if (audio.currentTime > 11.5 && audio.currentTime < 39) audio.currentTime = 40;
                if (audio.currentTime > 41) audio.pause();
                else setTimeout(look, 20);
            };
            look();
        }"""
    )
    window.press("Alt+k")
    window.until("document.getElementById('audio').currentTime > 41 && document.getElementById('audio').paused")
    window.wait_for(lambda: bool(window.review().get("heard")), "what was heard is in review.json")
    window.wait_for(lambda: len(window.review()["heard"][ADA]) == 2, "both stretches are there")
    (first_from, first_to), (second_from, second_to) = window.review()["heard"][ADA]
    assert 9_900 <= first_from < 10_500
    assert 800 <= first_to - first_from <= 2600
    assert 39_900 <= second_from < 40_500
    assert second_to < 42_500
    label = page.locator(".heard").nth(1).get_attribute("aria-label") or ""
    assert label.endswith("% heard")
    assert page.locator(".heard").nth(9).get_attribute("aria-label") == "Not heard"


def test_a_tick_is_bound_to_the_text(window: DeskPage) -> None:
    window.caret_before(4, "There")
    window.press("Alt+y")
    window.wait_for(lambda: len(window.review().get("ticks", {})) == 1, "the tick is in review.json")
    window.until(f"document.getElementById('progress').textContent === '1 of {len(TALK)} ticked'")
    window.type("Well, ")
    window.wait_saved()
    assert window.page.locator(".para.ticked").count() == 0
    assert not window.page.locator(".tick input").nth(4).is_checked()
    window.press("Alt+y")
    window.until("document.querySelectorAll('.para')[4].classList.contains('ticked')")
    window.press("Alt+y")
    window.until("!document.querySelectorAll('.para')[4].classList.contains('ticked')")


def test_doubts_are_walked_heard_and_resolved_by_key_and_listed_in_words(window: DeskPage) -> None:
    page = window.page
    total = page.locator("#doubt-list li").count()
    assert total >= 5
    window.caret_before(0, "Welcome")
    window.press("Alt+q")
    window.until("!document.getElementById('audio').paused")
    window.press("Alt+k")
    selected = page.evaluate("getSelection().toString()")
    assert selected
    reason = page.locator("#doubt-why").text_content() or ""
    assert f"“{selected}”" in reason
    assert len(reason) > len(selected) + 20
    assert page.evaluate("CSS.highlights.get('doubt').size") == total
    window.press("Alt+w")
    window.wait_for(lambda: len(window.review().get("resolved", {})) == 1, "it is settled in review.json")
    window.until(f"document.querySelectorAll('#doubt-list li').length === {total - 1}")
    second = page.evaluate("getSelection().toString()")
    for left in range(total - 2, -1, -1):
        window.press("Alt+w")
        window.until(f"document.querySelectorAll('#doubt-list li').length === {left}")
    window.until("document.getElementById('doubt-total').textContent === 'No open doubts'")
    assert second
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.text_content("#doubt-total") == "No open doubts"


def test_the_last_correction_can_be_made_everywhere(window: DeskPage) -> None:
    window.select(2, "rowhinge")
    window.type("Rohingya")
    window.press("Alt+Shift+h")
    assert window.page.input_value("#find-text") == "rowhinge"
    assert window.page.input_value("#find-replacement") == "Rohingya"
    window.until("document.getElementById('find-status').textContent.startsWith('1 find')")
    window.page.click("#replace-all")
    window.wait_for(lambda: "Rohingya" in window.on_disk()[5].text, "the other place is corrected")


def test_a_correction_that_sounds_alike_is_offered_for_the_glossary(window: DeskPage) -> None:
    window.select(2, "rowhinge")
    window.type("Rohingya")
    window.page.wait_for_selector("#suggestion:not([hidden])")
    assert "Rohingya" in (window.page.text_content("#suggestion") or "")
    window.page.click("#suggestion button:text-is('Add')")
    window.wait_for(lambda: bool(_glossary(window)), "the term is in the episode's glossary")
    assert "Rohingya" in _glossary(window)
    window.page.wait_for_selector("#suggestion", state="hidden")


def test_chapters_and_soundbites_go_into_episode_toml(window: DeskPage) -> None:
    window.caret_before(3, "How")
    window.press("Alt+m")
    window.type("How many there are")
    window.wait_for(lambda: "[[chapters]]" in _settings(window), "the chapter is in episode.toml")
    assert 'title = "How many there are"' in _settings(window)
    assert 'title = "Talk' in _settings(window), "what was there before stays"
    window.caret_before(4, "There")
    window.press("Alt+b")
    window.caret_before(4, "381")
    window.press("Alt+b")
    window.until("document.getElementById('bite-status').textContent.includes('15 to 120')")
    window.caret_before(4, "There")
    window.press("Alt+b")
    window.caret_before(7, "We write")
    window.press("Alt+b")
    window.wait_for(lambda: "[[soundbites]]" in _settings(window), "the soundbite is in episode.toml")


def test_a_source_is_cited_at_the_caret_and_a_pasted_one_is_kept(window: DeskPage) -> None:
    window.select(4, "381 recordings")
    window.press("Alt+c")
    window.page.click("#source-list button")
    window.wait_for(lambda: "381 recordings [@report-2020] at" in window.on_disk()[4].text, "the citation is on disk")
    window.caret_before(7, ".")
    window.press("Alt+c")
    window.page.fill("#source-url", "https://archive.example/second")
    window.page.fill("#source-title", "A second report")
    window.page.press("#source-title", "Enter")
    window.wait_for(lambda: window.on_disk()[7].text.startswith("Never [@"), "it is cited")
    assert "https://archive.example/second" in (window.folder / "sources.json").read_text(encoding="utf-8")


def test_a_source_is_cited_where_the_caret_is_however_soon_the_key_comes(window: DeskPage) -> None:
    """The browser tells of a selection late; a key pressed before that moves the focus away from the text."""
    window.page.evaluate("""() => {
        const element = document.querySelectorAll(".words")[4];
        const at = element.textContent.indexOf("381 recordings");
        element.focus();
        getSelection().setBaseAndExtent(element.firstChild, at, element.firstChild, at + "381 recordings".length);
        element.dispatchEvent(new KeyboardEvent("keydown", { key: "c", code: "KeyC", altKey: true, bubbles: true }));
    }""")
    window.page.click("#source-list button")
    window.wait_for(lambda: "381 recordings [@report-2020] at" in window.on_disk()[4].text, "the citation is on disk")


def test_a_source_is_attached_to_the_sentence_wherever_the_caret_is_in_it(window: DeskPage) -> None:
    sentences = "We kept Dr. Lind’s list. It has 381 names, and nobody counted them. Nobody asked!"
    window.select(4, window.on_disk()[4].text)
    window.page.keyboard.insert_text(sentences)
    window.caret_before(4, "names")
    window.press("Alt+c")
    window.page.click("#source-list button")
    cited = sentences.replace("counted them.", "counted them [@report-2020].")
    window.wait_for(lambda: window.on_disk()[4].text == cited, "the citation ends the sentence")
    window.caret_before(4, "Nobody asked")
    window.press("Alt+c")
    window.page.click("#source-list button")
    window.wait_for(
        lambda: window.on_disk()[4].text == cited.replace("asked!", "asked [@report-2020]!"), "the last one too"
    )
    window.press("Control+z")
    window.wait_for(lambda: window.on_disk()[4].text == cited, "one undo takes one citation away")


def test_notes_are_saved_and_shown_as_readers_see_them(window: DeskPage) -> None:
    window.press("Alt+Shift+n")
    window.press("Control+End")
    window.type("\n\nMore *here* [12:34] <script>alert(1)</script>")
    window.wait_for(
        lambda: "More *here*" in (window.folder / "notes.md").read_text(encoding="utf-8"), "notes.md has it"
    )
    window.page.wait_for_selector("#notes-preview em:text-is('here')")
    assert window.page.locator("#notes-preview script").count() == 0


@pytest.mark.parametrize("take", [True, False])
def test_a_second_hearing_is_a_proposal(window: DeskPage, take: bool) -> None:
    """The engine is played by this test: what it hears is its own affair, what becomes of it is the page's."""
    heard = window.on_disk()[8].text.replace("sauce", "source")
    asked: list[Any] = []

    def start(route: Route) -> None:
        asked.append(route.request.post_data_json)
        route.fulfill(json={"job": "one"})

    window.page.route("**/retranscribe", start)
    window.page.route(
        "**/api/jobs/one", lambda route: route.fulfill(json={"state": "done", "part": 1, "text": heard, "diff": []})
    )
    before = window.on_disk()
    window.caret_before(8, "And")
    window.press("Alt+r")
    window.page.wait_for_selector("dialog.ask select")
    window.page.click("dialog button.primary")
    window.page.wait_for_selector("dialog.ask del")
    assert window.page.text_content("dialog.ask del") == "sauce"
    assert window.page.text_content("dialog.ask ins") == "source"
    assert window.on_disk() == before
    first = align(Transcript(before), read_machine(window.folder / "machine.json").words)[8]
    assert asked == [{"start_ms": first.start_ms, "end_ms": first.end_ms, "model": asked[0]["model"]}]
    window.page.click(f"dialog button:text-is('{'Take it over' if take else 'Leave it as it was'}')")
    if take:
        window.wait_for(lambda: window.on_disk()[8].text == heard, "it is on disk")
        window.press("Control+z")
    window.wait_for(lambda: window.on_disk() == before, "the text is as before")


def test_keys_can_be_changed_and_stay_changed(window: DeskPage) -> None:
    window.press("Alt+Shift+k")
    window.page.wait_for_selector("dialog.keys")
    window.page.click("button[aria-label='Change the keys for: Play or pause']")
    window.press("k")
    assert "needs Ctrl or Alt" in (
        window.page.text_content("button[aria-label='Change the keys for: Play or pause']") or ""
    )
    window.press("Alt+j")
    assert "is taken by" in (window.page.text_content("button[aria-label='Change the keys for: Play or pause']") or "")
    window.press("F8")
    window.press("Escape")
    window.page.reload()
    window.page.wait_for_selector("body[data-ready]")
    window.page.focus(".words >> nth=0")
    window.press("F8")
    window.until("!document.getElementById('audio').paused")


def test_a_question_mark_is_a_letter_in_the_text_and_help_outside_it(window: DeskPage) -> None:
    window.caret_before(3, "How")
    window.type("?")
    assert window.page.locator("dialog[open]").count() == 0
    assert window.text(3).startswith("?How")
    window.page.focus("#play")
    window.type("?")
    window.page.wait_for_selector("dialog.keys[open]")


def _glossary(window: DeskPage) -> str:
    path = window.folder / "glossary.toml"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _settings(window: DeskPage) -> str:
    return (window.folder / "episode.toml").read_text(encoding="utf-8")
