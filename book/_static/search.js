// The book's search: every section in which all words stand, the best first. Chinese needs no spaces between words.
(() => {
  const query = (new URLSearchParams(location.search).get("q") || "").trim();
  const place = document.querySelector("#search-results");
  document.querySelectorAll(".bd-search-container input[name=q], input[name=q]").forEach((box) => (box.value = query));
  if (!query || !place) return;

  const han = /\p{Script=Han}/u;
  const terms = query.toLowerCase().split(/\s+/u);
  // A Latin word is found where a word begins with it; Chinese is found anywhere.
  const patterns = terms.map((term) => {
    const literal = term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return new RegExp(han.test(term) ? literal : `(?<![\\p{L}\\p{N}])${literal}`, "giu");
  });
  const count = (pattern, text) => (text.match(pattern) || []).length;
  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };

  const score = (section) => {
    const each = patterns.map((p) => 10 * count(p, section.title) + Math.min(count(p, section.text), 5));
    return each.includes(0) ? 0 : each.reduce((a, b) => a + b);
  };

  // The words around the first hit, with every hit in it marked.
  const excerpt = (text) => {
    const hits = patterns.map((p) => text.search(p)).filter((at) => at >= 0);
    const start = Math.max(0, Math.min(...(hits.length ? hits : [0])) - 80);
    const end = start + 240;
    let within = text.slice(start, end); // which begins and ends with no half of a Latin word
    if (start && /[\x21-\x7e]{2}/.test(text.slice(start - 1, start + 1))) within = within.replace(/^[\x21-\x7e]{1,30} /, "");
    if (/[\x21-\x7e]{2}/.test(text.slice(end - 1, end + 1))) within = within.replace(/ [\x21-\x7e]{1,30}$/, "");
    const part = (start ? "… " : "") + within.trim() + (end < text.length ? " …" : "");
    const any = new RegExp(patterns.map((p) => p.source).join("|"), "giu");
    const made = element("p", "context");
    let last = 0;
    for (const hit of part.matchAll(any)) {
      made.append(part.slice(last, hit.index), element("mark", "", hit[0]));
      last = hit.index + hit[0].length;
    }
    made.append(part.slice(last));
    return made;
  };

  fetch("_static/sections.json").then((answer) => answer.json()).then((sections) => {
    const found = sections.map((s) => [score(s), s]).filter(([points]) => points).sort(([a], [b]) => b - a);
    const list = element("ul", "search");
    for (const [, section] of found.slice(0, 50)) {
      const link = element("a", "", section.title);
      link.href = section.href;
      const item = element("li", "", link);
      if (section.page !== section.title) item.append(element("div", "search-page", section.page));
      item.append(excerpt(section.text));
      list.append(item);
    }
    const words = found.length === 1 ? "One section" : `${found.length || "No"} sections`;
    place.replaceChildren(element("p", "search-count", `${words} with “${query}”`), list);
  });
})();
