// The player's buttons and choices.

import { byId, clock } from "./dom.js";
import { choice, choose } from "./storage.js";

export const SKIP_MS = 3000;

/** Wire the controls; `loopHere` gives the stretch that “Repeat paragraph” repeats. */
export function wireControls({ player, follower, marks, loopHere }) {
  const speed = byId("speed");
  const showSpeed = () => {
    speed.value = String(player.speed);
    byId("speed-value").textContent = `${player.speed}×`;
    speed.setAttribute("aria-valuetext", `${player.speed} times`);
  };
  speed.addEventListener("input", () => {
    player.speed = speed.value;
  });
  player.addEventListener("ratechange", showSpeed);
  showSpeed();

  byId("play").addEventListener("click", () => player.toggle());
  byId("skip-back").addEventListener("click", () => player.skip(-SKIP_MS));
  byId("skip-forward").addEventListener("click", () => player.skip(SKIP_MS));
  const showState = () => {
    byId("play").textContent = player.playing ? "Pause" : "Play";
    document.body.classList.toggle("playing", player.playing);
  };
  for (const type of ["play", "pause", "ended"]) {
    player.addEventListener(type, showState);
  }
  let shown = "";
  const showTime = () => {
    const text = `${clock(player.timeMs, true)} / ${clock(player.durationMs)}`;
    if (text !== shown) {
      shown = text;
      byId("clock").textContent = text;
    }
  };
  player.addEventListener("timeupdate", showTime);
  player.addEventListener("error", () => {
    byId("clock").textContent = "The recording cannot be played";
  });
  showTime();

  // Where room is short the choices fold away behind this button.
  byId("options").addEventListener("click", () => {
    byId("options").ariaExpanded = String(byId("choices").classList.toggle("open"));
  });

  const loop = byId("loop");
  loop.addEventListener("change", () => {
    player.loop = loop.checked ? loopHere() : null;
  });
  player.addEventListener("loop", () => {
    loop.checked = player.loop !== null;
  });

  const kept = (id, fallback, apply) => {
    const box = byId(id);
    box.checked = choice(id, fallback);
    apply(box.checked);
    box.addEventListener("change", () => {
      choose(id, box.checked);
      apply(box.checked);
    });
  };
  kept("typing-pauses", false, () => {});
  kept("follows", true, (on) => {
    follower.on = on;
  });
  kept("provenance", false, (on) => {
    marks.provenance = on;
  });
}
