// Pieces of the page. Text out of a pack gets into it by textContent alone.

/** A text with everything escaped that is not seen as a character. */
function printable(text) {
  return String(text).replace(UNSEEN, escapedChar);
}

/** An element; children are elements, or texts. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) {
    element.append(child instanceof Node ? child : document.createTextNode(printable(child)));
  }
  return element;
}

/** A text from outside, which cannot turn the direction of what stands around it. */
function foreign(text) {
  return make("bdi", {}, text);
}

/** Something by its id, and by its name where it has one. */
function named(id, called) {
  const parts = called ? [foreign(called), " (", foreign(id), ")"] : [foreign(id)];
  return make("span", { class: "named" }, ...parts);
}

function listed(texts) {
  if (!texts.length) return make("span", {}, "no task named");
  return make("span", {}, ...texts.flatMap((text, at) => [at ? ", " : "", foreign(text)]));
}

/** A sentence from its pieces: texts of ours, and names and lists of the pack's. */
function sentence(tag, attributes, pieces) {
  const children = pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    return piece.list ? listed(piece.list) : named(piece.name, piece.called);
  });
  return make(tag, attributes, ...children);
}

function section(title, ...children) {
  return make("section", {}, make("h2", {}, title), ...children);
}

function bullets(texts) {
  return make("ul", {}, ...texts.map((text) => make("li", {}, text)));
}

/** A table that is a list of cards where the screen is narrow; `columns` are titles. */
function table(caption, columns, rows, none) {
  if (!rows.length) {
    return make("p", { class: "none" }, make("strong", {}, `${caption}: `), none);
  }
  const head = columns.map((title) => make("th", { scope: "col", role: "columnheader" }, title));
  const body = rows.map((cells) => {
    const drawn = cells.map((cell, at) =>
      make("td", { role: "cell", "data-column": columns[at] }, make("div", {}, cell ?? "-")),
    );
    return make("tr", { role: "row" }, ...drawn);
  });
  return make(
    "table",
    { role: "table" },
    make("caption", {}, caption),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...head)),
    make("tbody", { role: "rowgroup" }, ...body),
  );
}
