// Texts as the words they are found by; the same rules as pipeline/publish/search/folding.py, where they are
// explained. Both are tested against tests/publish/golden/folding.json.

const SPACELESS =
  "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
const IS_SPACELESS = new RegExp(`[${SPACELESS}]`, "u");
const DROPPED =
  /[\p{Cf}\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]/u;
const IN_WORDS = /[\p{L}\p{N}\p{M}]/u;
const PLAIN = { æ: "ae", ð: "d", ø: "o", þ: "th", đ: "d", ħ: "h", ł: "l", œ: "oe" };
const known = new Map();

/** Whether a character is of a script that writes no spaces between words. */
export function isSpaceless(character) {
  return IS_SPACELESS.test(character);
}

/** The words of `text` in their order, each with its place: [{ word, start, end }], in UTF-16 units of `text`. */
export function words(text) {
  const found = [];
  let part = [];
  const close = () => {
    if (part.length) {
      found.push(...split(part));
      part = [];
    }
  };
  let start = 0;
  for (const character of text) {
    const end = start + character.length;
    const pieces = fold(character);
    if (!pieces.length && part.length) {
      part.at(-1).end = end; // a mark belongs to the letter it stands on
    }
    for (const folded of pieces) {
      if (folded === " ") {
        close();
      } else {
        part.push({ folded, start, end });
      }
    }
    start = end;
  }
  close();
  return found;
}

function fold(character) {
  let folded = known.get(character);
  if (folded === undefined) {
    const plain = character.normalize("NFKD").toLowerCase().toUpperCase().toLowerCase().normalize("NFKD");
    folded = [...plain].flatMap(foldPlain);
    known.set(character, folded);
  }
  return folded;
}

function foldPlain(character) {
  if (DROPPED.test(character)) {
    return [];
  }
  return IN_WORDS.test(character) ? [...(PLAIN[character] ?? character)] : [" "];
}

function split(part) {
  const found = [];
  for (let first = 0; first < part.length; ) {
    const spaceless = isSpaceless(part[first].folded);
    let stop = first + 1;
    while (stop < part.length && isSpaceless(part[stop].folded) === spaceless) {
      stop += 1;
    }
    const run = part.slice(first, stop);
    found.push(...(spaceless ? pairs(run) : [joined(run)]));
    first = stop;
  }
  return found;
}

function pairs(run) {
  const composed = compose(run);
  return composed.map((_, place) => joined(composed.slice(place, place + 2)));
}

/** A voiced kana is one character again, as in the index. */
function compose(run) {
  const composed = [];
  for (const piece of run) {
    const last = composed.at(-1);
    const whole = last && (last.folded + piece.folded).normalize("NFC");
    if (whole && [...whole].length === 1) {
      composed[composed.length - 1] = { folded: whole, start: last.start, end: piece.end };
    } else {
      composed.push(piece);
    }
  }
  return composed;
}

function joined(pieces) {
  const word = pieces.map((piece) => piece.folded).join("").normalize("NFC");
  return { word, start: pieces[0].start, end: pieces.at(-1).end };
}
