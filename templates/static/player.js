// Times that seek. Without this module each time is a link to the recording at that second; with it the player
// on the page goes there, and the address bar names the second, so that it can be passed on.

const player = document.getElementById("player");

/** Milliseconds from `#t=754.25`, `?t=754.25` or a paragraph's `#p-754250`; null when the address names none. */
function timeInAddress(address) {
  const paragraph = /^#p-(\d+)/.exec(address.hash);
  if (paragraph) {
    return Number(paragraph[1]);
  }
  const seconds = /^#t=(\d+(?:\.\d+)?)$/.exec(address.hash)?.[1] ?? new URLSearchParams(address.search).get("t");
  return seconds !== null && /^\d+(\.\d+)?$/.test(seconds) ? Math.round(Number(seconds) * 1000) : null;
}

/** Put the playhead at `timeMs`, also before anything of the recording has been loaded. */
function seek(timeMs) {
  const go = () => {
    player.currentTime = timeMs / 1000;
  };
  if (player.readyState >= HTMLMediaElement.HAVE_METADATA) {
    go();
  } else {
    player.addEventListener("loadedmetadata", go, { once: true });
    player.load();
  }
}

/** The paragraph that is being said at `timeMs`: the last one that has begun. */
function paragraphAt(timeMs) {
  const begun = [...document.querySelectorAll(".said")].filter(
    (paragraph) => Number(paragraph.querySelector("[data-seek-ms]").dataset.seekMs) <= timeMs,
  );
  return begun.at(-1);
}

if (player) {
  for (const link of document.querySelectorAll("a[data-seek-ms]")) {
    link.href = `#t=${Number(link.dataset.seekMs) / 1000}`;
    link.addEventListener("click", (event) => {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
        return; // a new tab or a download is what the reader asked for
      }
      event.preventDefault();
      history.replaceState(null, "", link.hash);
      seek(Number(link.dataset.seekMs));
      player.play().catch(() => {}); // a browser may forbid sound; the playhead stands in the right place
    });
  }
  const asked = timeInAddress(location);
  if (asked !== null) {
    seek(asked);
    if (!location.hash.startsWith("#p-")) {
      paragraphAt(asked)?.scrollIntoView();
    }
  }
  addEventListener("hashchange", () => {
    const timeMs = timeInAddress(location);
    if (timeMs !== null) {
      seek(timeMs);
    }
  });
}
