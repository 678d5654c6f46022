// The search page: the address names what is searched for, so that a search can be passed on and gone back to.
// Without this module the page says where else to look.

import { loadIndex, lookUp, nearest, open, parse, places, rank } from "./finding.js";
import { words } from "./folding.js";

const EPISODES_FIRST = 3;
const EPISODES_MORE = 10;
const CHECKED_AT_ONCE = 24; // episodes opened in search of a phrase before the listener is asked
const PASSAGES_SHOWN = 3;
const PASSAGES_MORE = 30;
const TYPING_PAUSE_MS = 250;
const SLOW_MS = 400;
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });

const page = document.getElementById("search");
const form = document.getElementById("search-form");
const field = document.getElementById("search-words");
const status = document.getElementById("search-status");
const advice = document.getElementById("search-advice");
const results = document.getElementById("search-results");
const more = document.getElementById("search-more");
const title = document.title;

// Showing it

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** The text with its places marked; places may overlap. */
function marked(text, found) {
  const parts = [];
  let done = 0;
  for (const { start, end } of found) {
    if (end > done) {
      parts.push(text.slice(done, Math.max(done, start)), element("mark", {}, text.slice(Math.max(done, start), end)));
      done = end;
    }
  }
  return [...parts, text.slice(done)];
}

function passageItem(passage) {
  const text = element("span", { dir: "auto", className: "passage-text" });
  text.append(passage.cutBefore ? "… " : "", ...marked(passage.text, passage.places), passage.cutAfter ? " …" : "");
  const where = element("span", { className: "passage-where" }, passage.where);
  const by = passage.speaker ? [" ", element("bdi", { className: "passage-speaker" }, passage.speaker)] : [];
  return element("li", {}, element("a", { className: "passage", href: passage.address }, where, ...by, " ", text));
}

function resultItem({ card, passages }, phrases) {
  const mark = (text) => marked(text, places(text, phrases));
  const shown = passages.slice(0, PASSAGES_SHOWN);
  const rest = passages.slice(PASSAGES_SHOWN, PASSAGES_SHOWN + PASSAGES_MORE);
  const meta = element("p", { className: "meta", lang: "en" });
  meta.append(element("span", {}, element("time", { dateTime: card.date }, DAY.format(new Date(card.date)))));
  meta.append(...card.people.map((name) => element("span", {}, element("bdi", {}, ...mark(name)))));
  const item = element("li", { lang: card.language }, meta);
  item.append(element("h2", { dir: "auto" }, element("a", { href: card.page }, ...mark(card.title))));
  item.append(element("p", { dir: "auto", className: "result-summary" }, ...mark(card.summary)));
  if (shown.length) {
    item.append(element("ul", { className: "passages" }, ...shown.map(passageItem)));
  }
  if (rest.length) {
    const places = rest.length === 1 ? "1 more place" : `${rest.length} more places`;
    const summary = element("summary", { lang: "en" }, `${places} in this episode`);
    item.append(element("details", {}, summary, element("ul", { className: "passages" }, ...rest.map(passageItem))));
  }
  return item;
}

function clear(said) {
  status.textContent = said;
  advice.replaceChildren();
  results.replaceChildren();
  more.hidden = true;
}

// One search after the other: what an earlier one still brings is dropped.

let current = 0;

async function search(query) {
  current += 1;
  const mine = current;
  const phrases = parse(query);
  document.title = query.trim() ? `${query.trim()} · ${title}` : title;
  if (!phrases.length) {
    clear(query.trim() ? "There is no letter or figure to search for." : "");
    return;
  }
  const slow = setTimeout(() => mine === current && clear("Searching…"), SLOW_MS);
  try {
    const index = await loadIndex(page.dataset.index);
    const terms = phrases.flatMap((phrase) => phrase.terms);
    const found = await Promise.all(terms.map((term) => lookUp(index, term)));
    const total = index.periods.reduce((sum, period) => sum + period.episodes.length, 0);
    const ranked = rank(found, total);
    if (mine === current && !ranked.length) {
      clear("Nothing was found.");
      adviseOnWords(query, phrases, found);
    } else if (mine === current) {
      const sure = phrases.every((phrase) => phrase.terms.length === 1);
      await show(mine, { index, phrases, query, ranked, sure, done: 0, shown: 0 }, EPISODES_FIRST);
    }
  } catch (error) {
    if (mine === current) {
      clear("");
      fail(error, () => search(query));
    }
  } finally {
    clearTimeout(slow);
  }
}

/** Show the next episodes that have the phrases, each as soon as it is there, and say how many there are. */
async function show(mine, state, wanted) {
  const stop = Math.min(state.ranked.length, state.done + CHECKED_AT_ONCE);
  const before = state.shown;
  while (state.shown < before + wanted && state.done < stop) {
    const next = state.ranked.slice(state.done, Math.min(stop, state.done + before + wanted - state.shown));
    const opened = next.map((episode) => open(state.index, episode, state.phrases));
    opened.forEach((one) => one.catch(() => {})); // it is waited for below, in its turn
    for (const one of opened) {
      const result = await one;
      if (mine !== current) {
        return;
      }
      state.done += 1;
      if (result) {
        append(resultItem(result, state.phrases), state, before);
      }
    }
  }
  const all = state.done === state.ranked.length;
  if (!state.shown) {
    clear("");
  }
  status.textContent = counted(state, all);
  if (all && !state.shown) {
    adviseOnPhrase(state.query);
  }
  more.hidden = all;
  more.textContent = state.sure ? "Show more episodes" : "Look in more episodes";
  more.onclick = () => showMore(mine, state);
}

function append(item, state, before) {
  if (state.shown === 0) {
    clear(state.sure ? counted(state, false) : "");
  }
  results.append(item);
  if (state.shown === before && before > 0) {
    item.querySelector("h2 a").focus();
  }
  state.shown += 1;
}

function showMore(mine, state) {
  more.hidden = true;
  advice.replaceChildren();
  show(mine, state, EPISODES_MORE).catch((error) => mine === current && fail(error, () => showMore(mine, state)));
}

/** How many episodes there are: known from the index where each word stands for itself. */
function counted({ ranked, shown, sure }, all) {
  const count = sure ? ranked.length : shown;
  const so = sure || all ? "" : " so far";
  return count === 0 ? `Nothing was found${so}.` : count === 1 ? `1 episode${so}.` : `${count} episodes${so}.`;
}

function fail(error, again) {
  // Files are named by their content: one that is gone was replaced after this page was loaded.
  const old = error.status === 404;
  const [name, onclick] = old ? ["Reload this page", () => location.reload()] : ["Try again", again];
  status.textContent = old
    ? "Something new was published since this page was loaded."
    : "The search could not be loaded. The connection may be down.";
  advice.replaceChildren(element("button", { type: "button", className: "button", onclick }, name));
}

// When nothing was found

function adviseOnWords(query, phrases, found) {
  const missing = found.filter(({ weights }) => weights.size === 0);
  const items = missing.map(({ term, seen }) => {
    const near = nearest(term.word, seen);
    const said = `No episode has “${term.word}”.`;
    return near ? [`${said} Did you mean `, again(replaced(query, phrases, term, near), near), "?"] : [said];
  });
  if (!missing.length) {
    items.push(["Each of these words is there, but no episode has all of them. Fewer words find more: "]);
    phrases.forEach((phrase, number) => items.at(-1).push(number ? ", " : "", again(phrase.text, phrase.text)));
  } else if (missing.length < found.length) {
    const kept = phrases.filter((phrase) => phrase.terms.every((term) => missing.every((one) => one.term !== term)));
    const without = kept.map((phrase) => phrase.text).join(" ");
    items.push(...(without ? [["Fewer words find more: ", again(without, without)]] : []));
  }
  advice.append(...items.map((item) => element("p", {}, ...item)));
}

function adviseOnPhrase(query) {
  const loose = words(query).map(({ word }) => word).join(" ");
  advice.append(element("p", {}, "These words are there, but not side by side. Search for them ", again(loose, "in any order"), "."));
}

function again(query, text) {
  return element("a", { href: `?q=${encodeURIComponent(query)}`, dir: "auto" }, text);
}

function replaced(query, phrases, term, near) {
  const written = (phrase) => phrase.terms.map((one) => (one === term ? near : one.word)).join(" ");
  const quoted = (phrase) => (phrase.terms.length > 1 ? `"${written(phrase)}"` : written(phrase));
  return phrases.map((phrase) => (phrase.terms.includes(term) ? quoted(phrase) : phrase.text)).join(" ");
}

// The page

function asked() {
  return new URLSearchParams(location.search).get("q") ?? "";
}

function addressOf(query) {
  return query.trim() ? `?q=${encodeURIComponent(query.trim())}` : location.pathname;
}

let typing = 0;

field.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    history.replaceState(null, "", addressOf(field.value));
    search(field.value);
  }, TYPING_PAUSE_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  if (asked() !== field.value.trim()) {
    history.pushState(null, "", addressOf(field.value));
  }
  search(field.value);
});
addEventListener("popstate", () => {
  field.value = asked();
  search(field.value);
});

document.getElementById("search-needs").hidden = true;
field.value ||= asked();
search(field.value);
loadIndex(page.dataset.index).catch(() => {}); // so that it is here before the first word is typed
