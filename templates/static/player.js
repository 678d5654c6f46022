// The listener's player. Without this module the browser's own controls play the recording, and each time on the page
// is a link to the recording at that second. With it our controls stand there, times seek, the transcript follows,
// and the address bar names the second, so that it can be passed on.

import { Controls } from "./controls.js";
import { Playhead, clock, fragment } from "./playhead.js";
import { Shortcuts } from "./shortcuts.js";
import { Following, Transcript } from "./transcript.js";

/** Milliseconds from `#t=754.25`, `?t=754.25` or a paragraph's `#p-754250`; null when the address names none. */
function timeInAddress(address) {
  const paragraph = /^#p-(\d+)/.exec(address.hash);
  if (paragraph) {
    return Number(paragraph[1]);
  }
  const seconds = /^#t=(\d+(?:\.\d+)?)$/.exec(address.hash)?.[1] ?? new URLSearchParams(address.search).get("t");
  return seconds !== null && /^\d+(\.\d+)?$/.test(seconds) ? Math.round(Number(seconds) * 1000) : null;
}

/** Whether a click is one on the page itself, and not for a new tab, a download, or to extend a selection. */
function isPlain(event) {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

/** Every time on the page seeks and plays. */
function linkTimes(playhead) {
  for (const link of document.querySelectorAll("a[data-seek-ms]")) {
    const timeMs = Number(link.dataset.seekMs);
    link.href = `#${fragment(timeMs)}`;
    link.addEventListener("click", (event) => {
      if (isPlain(event)) {
        event.preventDefault();
        history.replaceState(null, "", link.hash);
        playhead.seek(timeMs);
        playhead.play(); // a browser may forbid sound; the playhead stands in the right place
      }
    });
  }
}

/** A click on a word seeks there; a text that was selected stays selected, a link leads where it leads. */
function listenToWords(transcript, playhead) {
  for (const { element } of transcript.paragraphs) {
    element.addEventListener("click", (event) => {
      if (!isPlain(event) || event.detail > 1 || event.target.closest("a, button, summary")) {
        return;
      }
      const word = getSelection().isCollapsed && transcript.holding(element).wordAtPoint(event.clientX, event.clientY);
      if (word) {
        playhead.seek(word.timeMs);
      }
    });
  }
}

/** What the player covers at the top of the window stays free of what is scrolled to. @param {HTMLElement} bar */
function makeRoom(bar) {
  const covers = getComputedStyle(bar).position === "sticky";
  document.documentElement.style.scrollPaddingTop = covers ? `${Math.ceil(bar.offsetHeight) + 12}px` : "1.5rem";
}

/** Go where the address says, and say where that is. Returns whether it says anything. */
function goToAddress(playhead, transcript, bar, tell) {
  const timeMs = timeInAddress(location);
  if (timeMs === null) {
    return false;
  }
  playhead.seek(timeMs);
  tell(`This link leads to ${clock(playhead.timeMs)}. Press Play to listen from there.`);
  if (bar) {
    makeRoom(bar);
  }
  (document.getElementById(location.hash.slice(1)) ?? transcript.at(timeMs)?.element)?.scrollIntoView();
  return true;
}

/** The letter about an error names the second at which the writer heard it. */
function reportAt(link, playhead) {
  const written = link.href;
  link.addEventListener("click", () => {
    const at = `#${fragment(Math.floor(playhead.timeMs / 1000) * 1000)} (at ${clock(playhead.timeMs)})`;
    link.href = playhead.timeMs ? written + encodeURIComponent(at) : written;
  });
}

function chaptersOnPage() {
  return [...document.querySelectorAll("#chapters li")].map((item) => ({
    startMs: Number(item.querySelector("[data-seek-ms]").dataset.seekMs),
    title: item.querySelector("span").textContent,
  }));
}

/** Our controls, where the page has them: a show's own template may do without. */
function control(bar, playhead, transcript) {
  const controls = new Controls(bar, playhead, chaptersOnPage());
  const follow = controls.part("follow");
  const back = controls.part("back-to-line");
  const following = new Following(transcript, playhead, bar, () => {
    follow.setAttribute("aria-pressed", String(following.on));
    back.hidden = !following.left;
  });
  follow.hidden = transcript.paragraphs.length === 0;
  follow.addEventListener("click", () => following.set(!following.on));
  back.addEventListener("click", () => {
    follow.focus({ preventScroll: true });
    following.set(true);
  });
  new Shortcuts(controls, playhead);
  return controls;
}

const audio = document.getElementById("player");
if (audio) {
  const bar = audio.closest(".player");
  const playhead = new Playhead(audio, Number(bar?.dataset.lengthMs ?? 0));
  const transcript = new Transcript(document);
  linkTimes(playhead);
  listenToWords(transcript, playhead);
  for (const link of document.querySelectorAll("a[data-report]")) {
    reportAt(link, playhead);
  }
  const controls = bar?.querySelector("[data-player=controls]") ? control(bar, playhead, transcript) : null;
  if (bar) {
    new ResizeObserver(() => makeRoom(bar)).observe(bar);
  }
  const go = () => goToAddress(playhead, transcript, bar, (text) => controls?.tell(text));
  if (!go()) {
    controls?.offer();
  }
  addEventListener("hashchange", go);
}
