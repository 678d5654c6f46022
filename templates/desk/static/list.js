// The list of episodes: how each stands, and what to do next.

import { listEpisodes } from "./api.js";
import { byId, clock, count, make } from "./dom.js";

function row(episode) {
  const {
    slug,
    title,
    state,
    because,
    next,
    duration_ms: durationMs,
    unheard_ms: unheardMs,
    open_doubts: doubts,
    approved_by: approvers,
  } = episode;
  // Without a transcript there is nothing to open yet.
  const ready = durationMs !== null && durationMs !== undefined && durationMs > 0;
  const name = ready ? make("a", { href: `/episodes/${encodeURIComponent(slug)}/` }, title) : make("span", {}, title);
  const heard =
    ready && unheardMs !== null && unheardMs !== undefined ? (unheardMs < 1000 ? "nothing" : clock(unheardMs)) : "–";
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, name, make("span", { class: "slug" }, slug)),
    make(
      "td",
      {},
      make("strong", {}, state),
      because ? make("span", { class: "note" }, because) : null,
      next ? make("span", { class: "note" }, `Next: ${next}`) : null,
    ),
    make("td", { class: "number" }, ready ? clock(durationMs) : "–"),
    make("td", { class: "number" }, heard),
    make("td", { class: "number" }, doubts === null || doubts === undefined ? "–" : String(doubts)),
    make("td", {}, approvers?.length ? approvers.join(", ") : "nobody yet"),
  );
}

async function show() {
  const main = byId("episodes");
  const status = byId("list-status");
  try {
    const episodes = await listEpisodes();
    status.textContent = episodes.length
      ? count(episodes.length, "episode")
      : "No episodes yet. Make one with onrecord new.";
    const heads = ["Episode", "State", "Length", "Unheard", "Open doubts", "Approved by"].map((name) =>
      make("th", { scope: "col" }, name),
    );
    byId("list").replaceChildren(
      ...(episodes.length
        ? [
            make(
              "div",
              { class: "table", tabindex: "0", role: "region", "aria-label": "Episodes" },
              make("table", {}, make("thead", {}, make("tr", {}, heads)), make("tbody", {}, episodes.map(row))),
            ),
          ]
        : []),
    );
  } catch (error) {
    status.textContent = error.sentence ?? String(error);
  }
  main.removeAttribute("aria-busy");
}

show();
// Coming back from an episode shows how it stands now.
addEventListener("pageshow", (event) => event.persisted && show());
