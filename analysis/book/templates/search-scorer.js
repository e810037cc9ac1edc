// How Sphinx's search orders what it finds (html_search_scorer): the record of a study comes first
// when its author or year was asked for, and after the pages when a drug or a condition was.
var Scorer = {
  objNameMatch: 0,
  objPartialMatch: 0,
  objPrio: {},
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  score: ([page, name, anchor, , score]) => {
    if (!anchor.startsWith("#study-")) return score;
    const asked = new URLSearchParams(location.search).get("q") ?? "";
    const label = name.split(",")[0].toLowerCase();
    return asked.toLowerCase().split(/\s+/).some((word) => word && label.includes(word)) ? 100 : 1;
  },
};
