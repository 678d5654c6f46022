// Every shortcut of the desk, in one table: the dialogue shows it, docs/editing.md lists it, a test compares them.
//
// Letters are told by their place on the keyboard (event.code), so that Alt works where it also writes signs.
// Nothing here is a single letter, Ctrl+Space, or a key that screen readers or input methods wait for.

import { announce, button, make } from "./dom.js";
import { choice, choose } from "./storage.js";

/** [id, keys, group, what it does]. "Mod" is Ctrl, and Cmd on a Mac. */
export const SHORTCUTS = [
  ["play", "Alt+K", "Listening", "Play or pause"],
  ["back", "Alt+J", "Listening", "Skip back 3 seconds"],
  ["forward", "Alt+L", "Listening", "Skip forward 3 seconds"],
  ["play-here", "Alt+P", "Listening", "Play from the word at the caret"],
  ["slower", "Alt+Comma", "Listening", "Slower"],
  ["faster", "Alt+Period", "Listening", "Faster"],
  ["loop", "Alt+O", "Listening", "Repeat this paragraph, or stop repeating"],
  ["to-playhead", "Alt+G", "Listening", "Put the caret at the word being said"],
  ["undo", "Mod+Z", "Editing", "Undo"],
  ["redo", "Mod+Shift+Z", "Editing", "Redo"],
  ["redo-too", "Mod+Y", "Editing", "Redo"],
  ["save", "Mod+S", "Editing", "Save now (the desk also saves by itself)"],
  ["speaker", "Alt+S", "Editing", "Change the speaker"],
  ["unintelligible", "Alt+X", "Editing", "Write [unintelligible]"],
  ["find", "Alt+H", "Editing", "Find and replace"],
  ["everywhere", "Alt+Shift+H", "Editing", "Make the last correction everywhere"],
  ["retranscribe", "Alt+R", "Editing", "Transcribe this paragraph again"],
  ["strike", "Alt+Shift+X", "Editing", "Strike out the selected words, or the word at the caret"],
  ["cite", "Alt+C", "Editing", "Attach a source to the sentence at the caret"],
  ["doubt-next", "Alt+Q", "Checking", "Go to the next doubt and hear it"],
  ["doubt-previous", "Alt+Shift+Q", "Checking", "Go to the doubt before"],
  ["doubt-right", "Alt+W", "Checking", "Right as it is: resolve this doubt and go on"],
  ["tick", "Alt+Y", "Checking", "Tick this paragraph as checked, or take the tick back"],
  ["chapter", "Alt+M", "Marks", "Begin a chapter at the caret"],
  ["soundbite", "Alt+B", "Marks", "Make a soundbite: from the selection, or begin and end it at the caret"],
  ["to-text", "Alt+Shift+T", "Moving", "Go to the text"],
  ["to-player", "Alt+Shift+P", "Moving", "Go to the player"],
  ["panel-doubts", "Alt+Shift+D", "Moving", "Open doubts"],
  ["panel-chapters", "Alt+Shift+M", "Moving", "Open chapters and soundbites"],
  ["panel-notes", "Alt+Shift+N", "Moving", "Open show notes"],
  ["panel-sources", "Alt+Shift+S", "Moving", "Open sources"],
  ["panel-struck", "Alt+Shift+R", "Moving", "Open what is struck out"],
  ["panel-approve", "Alt+Shift+A", "Moving", "Open the approval"],
  ["help", "?", "Moving", "Show these shortcuts (when you are not typing)"],
  ["help-typing", "Alt+Shift+K", "Moving", "Show these shortcuts (also while typing)"],
].map(([id, keys, group, label]) => ({ id, keys, group, label }));

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const BARE = new Set(["F2", "F4", "F8", "F9"]);
const TAKEN = new Set([
  "Ctrl+Space",
  "Alt+Tab",
  "Alt+F4",
  "Mod+C",
  "Mod+V",
  "Mod+X",
  "Mod+A",
  "Mod+W",
  "Mod+T",
  "Mod+N",
]);

/** The combination of a key event, written as in the table; null for a modifier alone. */
export function combination(event) {
  if (["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process"].includes(event.key)) {
    return null;
  }
  if (event.key === "?" && !event.altKey && !event.ctrlKey && !event.metaKey) {
    return "?";
  }
  const parts = [];
  const mod = MAC ? event.metaKey : event.ctrlKey;
  if (mod) {
    parts.push("Mod");
  }
  if (MAC && event.ctrlKey) {
    parts.push("Ctrl");
  }
  if (event.altKey) {
    parts.push("Alt");
  }
  if (event.shiftKey) {
    parts.push("Shift");
  }
  const code = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1] ?? event.code;
  // With Ctrl the letter printed on the key counts (Ctrl+Z on a German keyboard), with Alt its place.
  parts.push(mod && /^[a-z]$/i.test(event.key) ? event.key.toUpperCase() : code);
  return parts.join("+");
}

/** Why a combination cannot be a shortcut; null when it can. */
export function objection(keys) {
  if (!/^(Mod|Ctrl|Alt)\+/.test(keys) && !BARE.has(keys)) {
    return "A shortcut needs Ctrl or Alt, so that letters stay letters";
  }
  if (TAKEN.has(keys) || /\bSpace$/.test(keys) || /^Mod\+Alt\+/.test(keys)) {
    return "Browsers, input methods or screen readers need that one";
  }
  return null;
}

/** A combination as it is printed. */
export function printed(keys) {
  const names = { Mod: MAC ? "Cmd" : "Ctrl", Comma: ",", Period: "." };
  return keys
    .split("+")
    .map((part) => names[part] ?? part)
    .join("+");
}

export class Keys {
  #actions;
  #chosen = choice("keys", {});

  /** `actions` maps each id of the table to a function. */
  constructor(actions) {
    this.#actions = actions;
    for (const { id } of SHORTCUTS) {
      if (!actions[id]) {
        throw new Error(`no action for the shortcut ${id}`);
      }
    }
    document.addEventListener("keydown", (event) => this.#keydown(event), true);
  }

  /** The combination of a shortcut, as chosen or as in the table. */
  of(id) {
    return this.#chosen[id] ?? SHORTCUTS.find((shortcut) => shortcut.id === id).keys;
  }

  #keydown(event) {
    if (event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) {
      return;
    }
    const pressed = combination(event);
    const shortcut = pressed && SHORTCUTS.find(({ id }) => this.of(id) === pressed);
    if (!shortcut) {
      return;
    }
    const field = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (pressed === "?" && field && field.type !== "checkbox") {
      return;
    }
    // Fields outside the text have an undo of their own.
    if (
      ["undo", "redo", "redo-too"].includes(shortcut.id) &&
      field &&
      !field.classList.contains("words") &&
      field.type !== "checkbox"
    ) {
      return;
    }
    event.preventDefault();
    this.#actions[shortcut.id]();
  }

  /** Show the table; each shortcut can be given other keys there. */
  show() {
    const dialog = make("dialog", { class: "keys", "aria-labelledby": "keys-title" });
    const body = make("div");
    const draw = () => body.replaceChildren(...this.#tables(dialog, draw));
    draw();
    dialog.append(
      make("h2", { id: "keys-title" }, "Keyboard shortcuts"),
      make("p", { class: "quiet" }, "Choose “Change” and press other keys. Your choice stays in this browser."),
      body,
      make(
        "div",
        { class: "row end" },
        button("Set all back", () => {
          this.#chosen = {};
          choose("keys", {});
          draw();
        }),
        button("Close", () => dialog.close(), { class: "primary" }),
      ),
    );
    document.body.append(dialog);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
  }

  #tables(dialog, draw) {
    return Object.entries(Object.groupBy(SHORTCUTS, ({ group }) => group)).map(([group, shortcuts]) =>
      make(
        "table",
        {},
        make("caption", {}, group),
        make(
          "thead",
          { class: "visually-hidden" },
          make(
            "tr",
            {},
            make("th", { scope: "col" }, "Keys"),
            make("th", { scope: "col" }, "What they do"),
            make("th", { scope: "col" }, "Change"),
          ),
        ),
        make(
          "tbody",
          {},
          shortcuts.map((shortcut) => this.#row(shortcut, dialog, draw)),
        ),
      ),
    );
  }

  #row({ id, label }, dialog, draw) {
    const keys = make("kbd", {}, printed(this.of(id)));
    const change = button("Change", () => this.#listen(id, change, draw), {
      class: "small",
      "aria-label": `Change the keys for: ${label}`,
    });
    return make("tr", {}, make("td", {}, keys), make("td", {}, label), make("td", {}, change));
  }

  #listen(id, change, draw) {
    change.textContent = "Press keys …";
    const listen = (event) => {
      const pressed = combination(event);
      if (event.key === "Tab") {
        stop();
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") {
        stop();
      } else if (pressed) {
        const other = SHORTCUTS.find((shortcut) => shortcut.id !== id && this.of(shortcut.id) === pressed);
        const wrong = other ? `${printed(pressed)} is taken by “${other.label}”` : objection(pressed);
        if (wrong) {
          change.textContent = wrong;
          announce(wrong);
          return;
        }
        this.#chosen = { ...this.#chosen, [id]: pressed };
        choose("keys", this.#chosen);
        stop();
        announce(`Changed to ${printed(pressed)}`);
      }
    };
    const stop = () => {
      change.removeEventListener("keydown", listen, true);
      draw();
      [...document.querySelectorAll("dialog.keys button")].find((one) => one.ariaLabel === change.ariaLabel)?.focus();
    };
    change.addEventListener("keydown", listen, true);
  }
}
