// Finds words in the published index and transcripts; touches no page. The index says which episodes have the
// words (pipeline/publish/search/index.py explains its files); where in an episode they stand is looked up in its
// published transcript, for the few that are shown.

import { isSpaceless, words } from "./folding.js";

const CUES_MERGED = 4;
const PREFIX_CHARACTERS = 3;
const PREFIX_WEIGHT = 0.5;

// Fetching: each file once, again after a failure.

const fetched = new Map();

export function load(address) {
  if (!fetched.has(address)) {
    const answer = fetch(address).then((response) => {
      if (!response.ok) {
        throw Object.assign(new Error(`${address}: ${response.status}`), { status: response.status });
      }
      return response.json();
    });
    answer.catch(() => fetched.delete(address));
    fetched.set(address, answer);
  }
  return fetched.get(address);
}

/** The index without its words: of each period the episodes, and where its files of words begin. */
export async function loadIndex(address) {
  const { periods } = await load(address);
  return { periods: await Promise.all(periods.map(({ file }) => load(`search/period-${file}.json`))) };
}

// What is asked for

/** Phrases of one word or more, all of which an episode must have; the last word may be the beginning of one. */
export function parse(query) {
  const phrases = [];
  for (const [text, ...quoted] of query.matchAll(/"([^"]*)"?|[“„]([^“”"]*)[“”"]?|\S+/gu)) {
    const found = words(text);
    if (found.length > 1 && found.at(-1).start < found.at(-2).end) {
      found.pop(); // a run without spaces need not end here, see folding
    }
    if (found.length) {
      phrases.push({ text, quoted: quoted.some((part) => part !== undefined), terms: found.map((one) => term(one.word)) });
    }
  }
  const last = phrases.at(-1);
  if (last && !last.quoted && last.terms.at(-1).word.length >= PREFIX_CHARACTERS) {
    last.terms.at(-1).prefix = true;
  }
  return phrases;
}

function term(word) {
  return { word, prefix: isSpaceless(word) && [...word].length === 1 };
}

function fits(term, word) {
  return term.prefix ? word.startsWith(term.word) : word === term.word;
}

// Which episodes have it

/** The files of a period's words in which words that fit the term can stand. */
function wordsFiles(period, term) {
  const begins = period.words.map(([word]) => word);
  const within = (word) => Math.max(0, begins.findLastIndex((first) => first <= word));
  const last = term.prefix ? within(`${term.word}\uffff`) : within(term.word);
  return period.words.slice(within(term.word), last + 1).map(([, hash]) => `search/words-${hash}.json`);
}

/** Weight by episode for one term, and the words that were seen on the way. */
export async function lookUp(index, term) {
  const weights = new Map();
  const seen = new Map();
  let before = 0;
  const periods = index.periods.map(async (period) => Promise.all(wordsFiles(period, term).map(load)));
  for (const [number, files] of (await Promise.all(periods)).entries()) {
    for (const [word, list] of files.flatMap(Object.entries)) {
      seen.set(word, (seen.get(word) ?? 0) + list.length);
      if (!fits(term, word)) {
        continue;
      }
      let place = 0;
      for (const step of list) {
        place += Math.floor(step / 10);
        const weight = (step % 10) * (word === term.word ? 1 : PREFIX_WEIGHT);
        const episode = before + place;
        weights.set(episode, Math.max(weight, weights.get(episode) ?? 0));
      }
    }
    before += index.periods[number].episodes.length;
  }
  return { term, weights, seen };
}

/** Episodes that have every term, the best first; of equals, the newest first. */
export function rank(found, total) {
  const scores = new Map();
  const [rarest] = [...found].sort((one, other) => one.weights.size - other.weights.size);
  for (const episode of rarest.weights.keys()) {
    if (found.every(({ weights }) => weights.has(episode))) {
      const score = found.reduce((sum, { weights }) => {
        const rare = Math.log(1 + (total - weights.size + 0.5) / (weights.size + 0.5));
        return sum + rare * weights.get(episode);
      }, 0);
      scores.set(episode, score);
    }
  }
  return [...scores.keys()].sort((one, other) => scores.get(other) - scores.get(one) || other - one);
}

// Where in an episode

/** Places of the phrases in a text: [{ phrase, start, end }] in its order. */
export function places(text, phrases) {
  const said = words(text);
  const found = [];
  for (let at = 0; at < said.length; at += 1) {
    phrases.forEach(({ terms }, phrase) => {
      if (terms.every((term, offset) => at + offset < said.length && fits(term, said[at + offset].word))) {
        const [last, term] = [said[at + terms.length - 1], terms.at(-1)];
        // Of a pair of characters only the first was asked for.
        const end = term.prefix && isSpaceless(term.word) ? last.start + term.word.length : last.end;
        found.push({ phrase, start: said[at].start, end });
      }
    });
  }
  return found;
}

/** What one person says in a row, as one text that knows where each cue begins. */
function turns(transcript) {
  const found = [];
  for (const { speaker, startTime, body } of transcript.segments) {
    if (found.at(-1)?.speaker !== speaker) {
      found.push({ speaker, text: "", cues: [] });
    }
    const turn = found.at(-1);
    turn.text += gap(turn.text, body);
    turn.cues.push({ start: turn.text.length, end: turn.text.length + body.length, second: startTime });
    turn.text += body;
  }
  return found;
}

function gap(before, after) {
  const closed = /[\u3000-\u303f\uff00-\uffef]$/u.test(before) || isSpaceless([...before.slice(-2)].at(-1) ?? " ");
  return before && !(closed && isSpaceless([...after.slice(0, 2)][0] ?? " ")) ? " " : "";
}

/** Passages of the transcript around the places: the cues that hold them, with one before and after. */
function spoken(transcript, card, phrases) {
  return turns(transcript).flatMap(({ speaker, text, cues }) => {
    const passages = [];
    let cue = 0;
    for (const place of places(text, phrases)) {
      while (cues[cue].end <= place.start) {
        cue += 1;
      }
      const last = passages.at(-1);
      if (last && cue <= last.last + 1 && cue - last.first < CUES_MERGED) {
        last.places.push(place);
        last.last = cue;
      } else {
        passages.push({ first: cue, last: cue, places: [place] });
      }
    }
    return passages.map((passage) => {
      const opens = Math.max(0, passage.first - 1);
      const end = passage.places.at(-1).end;
      const holds = cues.findIndex((one) => one.end >= end);
      const closes = Math.min(cues.length - 1, holds + 1);
      return {
        where: clock(cues[passage.first].second),
        address: `${card.page}#t=${cues[passage.first].second}`,
        speaker,
        text: text.slice(cues[opens].start, cues[closes].end),
        cutBefore: opens > 0,
        cutAfter: closes < cues.length - 1,
        places: passage.places.map((one) => shifted(one, -cues[opens].start)),
      };
    });
  });
}

function written(card, phrases) {
  return card.passages
    .map(({ where, to, text }) => ({ where, address: `${card.page}${to}`, text, places: places(text, phrases) }))
    .filter((passage) => passage.places.length);
}

function shifted({ phrase, start, end }, by) {
  return { phrase, start: start + by, end: end + by };
}

function kinds(passage) {
  return new Set(passage.places.map((place) => place.phrase)).size;
}

/** The card of an episode with its passages, best first; null where a phrase is in none of its texts. */
export async function open(index, episode, phrases) {
  const [slug, hash] = index.periods.flatMap((period) => period.episodes)[episode];
  const card = await load(`${slug}/${slug}-${hash}.search.json`);
  const transcript = card.transcript ? await load(card.transcript) : { segments: [] };
  const [first, ...further] = written(card, phrases);
  const passages = [...(first ? [first] : []), ...spoken(transcript, card, phrases), ...further];
  const heading = [card.title, card.summary, ...card.people].flatMap((text) => places(text, phrases));
  const held = new Set([...passages.flatMap((passage) => passage.places), ...heading].map((place) => place.phrase));
  if (held.size < phrases.length) {
    return null;
  }
  return { card, passages: passages.sort((one, other) => kinds(other) - kinds(one)) };
}

function clock(second) {
  const [hours, minutes, seconds] = [Math.floor(second / 3600), Math.floor(second / 60) % 60, Math.floor(second) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

// Near misses

/** The word of the index that is fewest slips away from `word`, the most frequent of equals. */
export function nearest(word, seen) {
  const allowed = word.length < 5 ? 0 : word.length < 8 ? 1 : 2; // every short word is near another
  const near = [...seen]
    .filter(([other]) => Math.abs(other.length - word.length) <= allowed && !isSpaceless(other))
    .map(([other, count]) => ({ other, count, slips: slips(word, other) }))
    .filter((one) => one.slips <= allowed)
    .sort((one, another) => one.slips - another.slips || another.count - one.count);
  return near[0]?.other;
}

/** Letters that are wrong, missing, too many or exchanged with their neighbour. */
function slips(one, other) {
  let [before, row] = [[], Array.from({ length: other.length + 1 }, (_, place) => place)];
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + same);
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
        next[j] = Math.min(next[j], before[j - 2] + 1);
      }
    }
    [before, row] = [row, next];
  }
  return row[other.length];
}
