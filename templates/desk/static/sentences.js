// Where a sentence ends, so that what belongs to a sentence is written there wherever in it the caret is.

/** The place behind the last word of the sentence that holds `char`, before its full stop. */
export function sentenceEnd(text, char) {
  const sentence = holding(text, char);
  if (!sentence) {
    return char;
  }
  const words = sentence.segment.trimEnd();
  return sentence.index + words.replace(/[.!?…。！？؟]+$/u, "").length;
}

function holding(text, char) {
  if (!text || typeof Intl.Segmenter !== "function") {
    return undefined; // a browser that knows no sentences writes at the caret
  }
  const sentences = new Intl.Segmenter(document.documentElement.lang, { granularity: "sentence" }).segment(text);
  return sentences.containing(Math.min(char, text.length - 1));
}
