// The approval: what is still open, what was changed, what refuses, and then a person's name under exactly this text.

import { announce, button, byId, clock, count, make } from "./dom.js";
import { showDiff } from "./diff.js";
import { unheardInWords } from "./review.js";
import { isSignatory } from "./identity.js";

/** Whether a refusal names a place in the recording where a name is said; the same name in the notes is another thing. */
function isSaid({ code, where }) {
  return ["redaction-incomplete", "protected-name"].includes(code) && /\bat [\d:.]+$/.test(where);
}

export class ApprovePanel {
  #api;
  #identity;
  #saver;
  #notes;
  #player;
  #recorder;
  #offers;

  constructor({ api, identity, saver, notes, player, recorder, offers }) {
    this.#api = api;
    this.#identity = identity;
    this.#saver = saver;
    this.#notes = notes;
    this.#player = player;
    this.#recorder = recorder;
    this.#offers = offers;
    byId("approve-by").value = identity.by;
    identity.addEventListener("changed", () => {
      byId("approve-by").value = identity.by;
    });
    byId("panel-approve").addEventListener("toggle-panel", () => this.refresh());
    byId("approve-refresh").addEventListener("click", () => this.refresh());
    byId("approve-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#approve();
    });
    byId("publish").addEventListener("click", () => this.#publish());
  }

  /** Ask the server anew how the episode stands, after everything here is saved. */
  async refresh() {
    const place = byId("summary");
    place.setAttribute("aria-busy", "true");
    try {
      await Promise.all([this.#saver.flush(), this.#notes.flush(), this.#recorder.flush()]);
      place.replaceChildren(...this.#summary(await this.#api.summary(this.#identity.by)));
    } catch (error) {
      place.replaceChildren(make("p", { class: "fault" }, error.sentence ?? String(error)));
    }
    place.removeAttribute("aria-busy");
  }

  #summary(summary) {
    const {
      refusals = [],
      needs = [],
      statements_without_source: statements = [],
      diff = [],
      unheard = [],
      voids = [],
    } = summary;
    const open = [...refusals.map((one) => this.#refusal(one)), ...needs.map((need) => make("li", {}, need))];
    byId("approve-voids").textContent = voids.length
      ? `A later change of any of these voids the approval: ${voids.join(", ")}.`
      : "";
    return [
      make(
        "dl",
        { class: "figures" },
        ...this.#figure("Heard", `${summary.heard_percent} %`, unheardInWords(summary.unheard_ms)),
        ...this.#figure("Open doubts", String(summary.open_doubts)),
        ...this.#figure("Paragraphs without a tick", String(summary.unticked)),
        ...this.#figure("Words changed", String(summary.changed_words), `in ${count(diff.length, "paragraph")}`),
      ),
      open.length
        ? make("section", { class: "open" }, make("h3", {}, "Before it can be approved"), make("ul", {}, open))
        : make("p", { class: "fine" }, "Nothing stands in the way of an approval."),
      unheard.length
        ? this.#fold(
            `${count(unheard.length, "stretch", "stretches")} not heard`,
            make(
              "ul",
              { class: "stretches" },
              unheard.map(([from, to]) => make("li", {}, this.#hear(from, `${clock(from)} – ${clock(to)}`))),
            ),
          )
        : null,
      statements.length
        ? this.#fold(
            `${count(statements.length, "statement")} without a source found in the text`,
            make(
              "ul",
              {},
              statements.map(({ start_ms: startMs, text }) =>
                make("li", {}, this.#hear(startMs, clock(startMs)), ` ${text}`),
              ),
            ),
          )
        : null,
      this.#fold(
        diff.length
          ? `${count(diff.length, "paragraph")} changed from what the machine heard`
          : "No word differs from what the machine heard",
        make(
          "div",
          {},
          make("p", { class: "quiet" }, "Struck words are the machine’s, underlined words are the editor’s."),
          diff.map((one) => this.#change(one)),
        ),
      ),
    ].filter(Boolean);
  }

  #figure(name, value, note = "") {
    return [
      make(
        "div",
        {},
        make("dt", {}, name),
        make("dd", {}, value, note ? make("span", { class: "quiet" }, ` ${note}`) : null),
      ),
    ];
  }

  #refusal(refusal) {
    const { what, where, remedy } = refusal;
    const said = isSaid(refusal);
    const dot = (text) => (text ? text.replace(/\.?$/, ".") : "");
    return make(
      "li",
      {},
      where ? make("span", { class: "where" }, `${where}: `) : null,
      dot(what),
      remedy && !said ? make("span", { class: "quiet" }, ` ${dot(remedy)}`) : null,
      said ? button("Struck out …", () => byId("tab-struck").click(), { class: "small" }) : null,
    );
  }

  #change({ start_ms: startMs, speaker, ops }) {
    return make(
      "div",
      { class: "change" },
      startMs === null || startMs === undefined ? null : this.#hear(startMs, clock(startMs)),
      make("strong", {}, ` ${speaker}`),
      showDiff(ops, 4),
    );
  }

  #hear(startMs, label) {
    return button(label, () => this.#player.playFrom(startMs), {
      class: "link clock",
      "aria-label": `Play from ${label}`,
    });
  }

  #fold(title, content) {
    return make("details", {}, make("summary", {}, title), content);
  }

  async #approve() {
    const field = byId("approve-by");
    const by = field.value.trim();
    const status = byId("approve-status");
    if (!isSignatory(by)) {
      field.setAttribute("aria-invalid", "true");
      field.focus();
      status.textContent = "Write your name and your address: Ada Host <ada@example.org>";
      return;
    }
    field.removeAttribute("aria-invalid");
    this.#identity.by = by;
    await this.refresh();
    if (this.#saver.unsaved) {
      status.textContent = "The text is not on disk yet, so it cannot be approved.";
      return;
    }
    try {
      const { path, name, at } = await this.#api.approve(by, this.#saver.revision);
      status.textContent = `Approved by ${name} at ${at}; sealed in ${path}. ${byId("approve-voids").textContent}`;
      byId("publish").hidden = !this.#offers.includes("publish");
    } catch (error) {
      status.textContent = error.sentence ?? String(error);
      const refusals = error.body?.refusals ?? [];
      if (refusals.length) {
        status.append(
          make(
            "ul",
            {},
            refusals.map((one) => this.#refusal(one)),
          ),
        );
      }
    }
  }

  async #publish() {
    const status = byId("publish-status");
    const press = byId("publish");
    press.disabled = true;
    status.textContent = "Publishing …";
    try {
      const answer = await this.#api.publish();
      const lines = [...(answer.done ?? []), ...(answer.statuses ?? [])].map((line) =>
        typeof line === "string"
          ? line
          : [line.slug ?? line.title, line.state, line.because].filter(Boolean).join(": "),
      );
      status.replaceChildren(
        "Published.",
        make(
          "ul",
          {},
          lines.map((line) => make("li", {}, line)),
        ),
      );
      announce("Published");
    } catch (error) {
      status.textContent = error.sentence ?? String(error);
    } finally {
      press.disabled = false;
    }
  }
}
