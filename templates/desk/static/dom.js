// Small tools for the page: elements, times in words, announcements, dialogues.

/** Make an element: `make("button", { type: "button", class: "quiet", onclick }, "Save")`. Text is never HTML. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A push button. */
export function button(label, onclick, attributes = {}) {
  return make("button", { type: "button", onclick, ...attributes }, label);
}

/** The element with this id; an error names an id that is not there. */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) {
    throw new Error(`no element #${id}`);
  }
  return element;
}

/** `1:02:03` or `2:03`; with `tenths`, `2:03.4`. */
export function clock(timeMs, tenths = false) {
  const whole = Math.max(0, Math.floor(timeMs));
  const seconds = Math.floor(whole / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const pad = (number) => String(number).padStart(2, "0");
  const rest = `${pad(seconds % 60)}${tenths ? `.${Math.floor((whole % 1000) / 100)}` : ""}`;
  return hours ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** Milliseconds of `1:02:03.4`, `2:03` or `75`; null when it is no time. */
export function parseClock(text) {
  const match = /^(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5})(?:[.,](\d{1,3}))?$/.exec(text.trim());
  if (!match) {
    return null;
  }
  const [, hours = "0", minutes = "0", seconds, fraction = ""] = match;
  if ((match[2] !== undefined && Number(seconds) > 59) || (match[1] !== undefined && Number(minutes) > 59)) {
    return null;
  }
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, "0"));
}

/** `1 paragraph`, `2 paragraphs`. */
export function count(number, noun, plural = `${noun}s`) {
  return `${number} ${number === 1 ? noun : plural}`;
}

/** `12 minutes 3 seconds`: a time as a screen reader should say it. */
export function spoken(timeMs) {
  const seconds = Math.floor(timeMs / 1000);
  const parts = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ].filter(([number]) => number > 0);
  return parts.map(([number, noun]) => count(number, noun)).join(" ") || "0 seconds";
}

/** Say something once: on the screen for some seconds, and to screen readers. */
export function announce(message) {
  const line = byId("announcement");
  // Emptied first, so that the same message twice is also said twice.
  line.textContent = "";
  clearTimeout(announce.timer);
  requestAnimationFrame(() => {
    line.textContent = message;
    announce.timer = setTimeout(() => {
      line.textContent = "";
    }, 8000);
  });
}

/** Show a dialogue with this title and body and wait for it; resolves to the value of the button that closed it. */
export function ask(title, body, choices) {
  const before = document.activeElement;
  const dialog = make("dialog", { class: "ask", "aria-labelledby": "ask-title" });
  dialog.append(make("h2", { id: "ask-title" }, title), ...[body].flat());
  const row = make("div", { class: "row end" });
  for (const [label, value, attributes] of choices) {
    row.append(button(label, () => dialog.close(value), attributes ?? {}));
  }
  dialog.append(row);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      before?.focus?.();
      resolve(dialog.returnValue);
    });
  });
}

/** Call `action` once, `waitMs` after the last call, and never later than `mostMs` after the first. */
export function debounced(action, waitMs, mostMs = Infinity) {
  let timer = 0;
  let first = 0;
  const cancel = () => {
    clearTimeout(timer);
    first = 0;
  };
  const later = (...values) => {
    clearTimeout(timer);
    first ||= performance.now();
    const wait = Math.max(0, Math.min(waitMs, first + mostMs - performance.now()));
    timer = setTimeout(() => {
      first = 0;
      action(...values);
    }, wait);
  };
  later.cancel = cancel;
  return later;
}

/** How to move the view: at once for those who ask for less motion. */
export function scrollBehavior() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}
