// What a page looks like at its present width: {screens, code, boxes, off, squeezed, folded}; but for `folded`, the
// tables that are too wide once all is opened, folded parts count as folded.
const article = document.querySelector(".bd-article") || document.body;
const about = (e) => `${e.tagName.toLowerCase()}: ${(e.textContent || e.alt || "").trim().replace(/\s+/g, " ").slice(0, 60).toWellFormed()}`;
const seen = (e) => e.getClientRects().length && !e.closest("details:not([open])");
const scrolls = (e) => e && (/auto|scroll/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
const all = (chosen) => [...article.querySelectorAll(chosen)].filter(seen);
const wider = (chosen) => all(chosen).filter((e) => e.scrollWidth > e.clientWidth + 1).map(about);
const found = {
  screens: article.getBoundingClientRect().height / 900,
  code: wider("pre"),
  boxes: wider("table, div.math, .cell_output .output:not(:has(pre, table))"),
  squeezed: all("img[width][height]")
    .filter((e) => Math.abs(e.clientWidth / e.clientHeight / (e.getAttribute("width") / e.getAttribute("height")) - 1) > 0.03)
    .map(about),
  off: all("p, li, table, div.math, h1, h2, h3, img, figure")
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e.parentElement))
    .map(about),
};
const folds = [...article.querySelectorAll("details:not([open])")];
for (const fold of folds) fold.open = true;
found.folded = wider("table");
for (const fold of folds) fold.open = false;
return found;
