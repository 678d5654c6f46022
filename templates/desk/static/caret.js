// Where the caret stands in a paragraph, in characters; and putting it there.

/** {start, end} of the selection inside `element`, in characters; null when it is elsewhere. */
export function caretIn(element) {
  const selection = getSelection();
  if (!selection.rangeCount) {
    return null;
  }
  const range = selection.getRangeAt(0);
  if (!element.contains(range.startContainer) || !element.contains(range.endContainer)) {
    return null;
  }
  const start = charOf(element, range.startContainer, range.startOffset);
  return { start, end: range.collapsed ? start : charOf(element, range.endContainer, range.endOffset) };
}

/** How many characters of `element` stand before a point. */
export function charOf(element, node, offset) {
  if (node === element.firstChild && node.nodeType === Node.TEXT_NODE) {
    return offset;
  }
  const range = document.createRange();
  range.selectNodeContents(element);
  range.setEnd(node, offset);
  return range.toString().length;
}

/** Put the caret (or a selection) into `element`. */
export function setCaret(element, start, end = start) {
  element.focus({ preventScroll: true });
  const node = element.firstChild;
  if (node?.nodeType === Node.TEXT_NODE) {
    const most = node.data.length;
    getSelection().setBaseAndExtent(node, Math.min(start, most), node, Math.min(end, most));
  } else {
    getSelection().collapse(element, 0);
  }
}

/** The character of `element` under a point of the window; null when there is none. */
export function charAtPoint(element, x, y) {
  if (document.caretPositionFromPoint) {
    const place = document.caretPositionFromPoint(x, y);
    return place && element.contains(place.offsetNode) ? charOf(element, place.offsetNode, place.offset) : null;
  }
  const range = document.caretRangeFromPoint?.(x, y);
  return range && element.contains(range.startContainer)
    ? charOf(element, range.startContainer, range.startOffset)
    : null;
}

/**
 * The caret's rectangle in the window; null when the browser gives none (an empty paragraph).
 *
 * Where a line wraps, one place in the text is two on the screen: the end of a line, where the End key leads
 * (`atLineEnd`), and the beginning of the next.
 */
export function caretRect(atLineEnd) {
  const selection = getSelection();
  if (!selection.rangeCount) {
    return null;
  }
  const { focusNode, focusOffset } = selection;
  const range = document.createRange();
  range.setStart(focusNode, focusOffset);
  if (!atLineEnd && focusNode.nodeType === Node.TEXT_NODE && focusOffset < focusNode.data.length) {
    range.setEnd(focusNode, focusOffset + 1);
  }
  return [...range.getClientRects()].at(-1) ?? null;
}
