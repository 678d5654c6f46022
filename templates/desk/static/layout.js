// Where the text can be seen: below the deck and, on small screens, above the sheet with the panel.

const deck = document.querySelector(".deck");
const panel = document.querySelector(".panel");

/** The band of the window in which text is visible: {top, bottom} in CSS pixels. */
export function visibleBand() {
  const isSheet = getComputedStyle(panel).position === "fixed";
  return {
    top: deck.getBoundingClientRect().bottom,
    bottom: isSheet ? panel.getBoundingClientRect().top : innerHeight,
  };
}

/** Tell the style sheet the heights of deck and sheet, now and whenever they change. */
export function watchLayout() {
  const measure = () => {
    const { top, bottom } = visibleBand();
    document.documentElement.style.setProperty("--deck", `${Math.round(top)}px`);
    document.documentElement.style.setProperty("--foot", `${Math.round(innerHeight - bottom)}px`);
  };
  const observer = new ResizeObserver(measure);
  observer.observe(deck);
  observer.observe(panel);
  measure();
}
