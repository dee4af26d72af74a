// The matrix of any instant, painted from the whole history of a book.

const LEVELS = [["F", "full control"], ["P", "partial access"], ["N", "no tasks"], ["U", "level not specified"]];
const COVERAGES = ["known", "own_access_only", "unknown"];
const KNOWN = 0, UNKNOWN = 2;
const REST_MS = 100, SLICE_MS = 10;

export class Matrix {
  constructor(table, history) {
    Object.assign(this, { table, history });
    this.byType = table.classList.contains("types");
    this.rows = [...table.tBodies[0].rows];
    this.heads = [...table.tHead.rows[0].cells].slice(1);
    this.width = this.heads.length;
    this.cells = this.rows.map((row) => [...row.cells].slice(1));
    this.painted = this.cells.map((cells) => cells.map((cell) => cell.textContent));
    this.coverage = new Uint8Array(history.types.length);
    this.counts = new Uint32Array(8 * this.width * this.rows.length);
    this.stale = new Set(); // rows that do not show yet what the counts say
    this.made = new Map(); // marks by their text, to be copied
    for (const spans of [history.windows, history.ownerships]) {
      const { start, unit } = history;
      spans.from = spans.from.map((from) => start + from * unit);
      spans.to = spans.to.map((to) => (to === null ? Infinity : start + to * unit));
      spans.from_earliest = spans.from.map((from, n) => from - spans.from_edge[n] * unit);
      spans.to_earliest = spans.to.map((to, n) => to - spans.to_edge[n] * unit);
    }
    this.changes = this.instants();
    this.place();
    this.watch();
  }

  // The instants at which the matrix changes, in order.
  instants() {
    const found = new Set();
    for (const { from_earliest, from, to_earliest, to } of [this.history.windows, this.history.ownerships]) {
      for (let n = 0; n < from.length; n++) {
        if (from_earliest[n] >= to[n]) continue;
        for (const moments of [from_earliest, from, to_earliest, to]) found.add(moments[n]);
      }
    }
    found.delete(Infinity);
    return Float64Array.from(found).sort();
  }

  // Which cell each window counts in, and none for one whose row is not on the page.
  place() {
    const { windows, types } = this.history;
    const rows = new Map(this.rows.map((row, n) => [this.byType ? n : Number(row.dataset.asset), n]));
    this.cellOf = windows.asset.map((asset, n) => {
      const row = rows.get(this.byType ? windows.partner[n] : asset);
      if (row === undefined) return -1;
      return row * this.width + (this.byType ? types[asset] : windows.partner[n]);
    });
    this.assets = this.byType ? [] : this.rows.map((row) => Number(row.dataset.asset));
  }

  // Rows that are on the screen are painted at once, and the others when there is time.
  watch() {
    this.seen = new Set(this.rows.keys());
    const number = new Map(this.rows.map((row, n) => [row, n]));
    const watcher = new IntersectionObserver((changes) => {
      for (const { target, isIntersecting } of changes) {
        const row = number.get(target);
        if (!isIntersecting) this.seen.delete(row);
        else {
          this.seen.add(row);
          this.paintRow(row);
        }
      }
    }, { root: this.table.closest(".long"), rootMargin: "25%" });
    for (const row of this.rows) watcher.observe(row);
  }

  paint(at) {
    const { windows, types } = this.history;
    const { from, from_earliest, to_earliest, to, asset, partner, level } = windows;
    const levels = new Uint32Array(8), partners = new Set();
    const held = new Uint8Array(types.length);
    this.counts.fill(0);
    for (let n = 0; n < from.length; n++) {
      if (!(from_earliest[n] <= at && at < to[n])) continue;
      const mark = level[n] * 2 + (from[n] <= at && at < to_earliest[n] ? 0 : 1);
      levels[mark]++;
      partners.add(partner[n]);
      held[asset[n]] = 1;
      if (this.cellOf[n] >= 0) this.counts[8 * this.cellOf[n] + mark]++;
    }
    this.cover(at);
    this.stale = new Set(this.rows.keys());
    for (const row of this.seen) this.paintRow(row);
    clearTimeout(this.pause);
    this.paintLater(REST_MS);
    return this.tell(levels, partners.size, held);
  }

  paintRow(row) {
    if (!this.stale.delete(row)) return;
    const first = 8 * this.width * row;
    for (let column = 0; column < this.width; column++) this.put(row, column, first + 8 * column);
    if (this.byType) return;
    const name = COVERAGES[this.coverage[this.assets[row]]];
    if (this.rows[row].className !== name) this.rows[row].className = name;
  }

  // The others once the slider rests, a few at a time, so that its next move never waits.
  paintLater(wait) {
    if (!this.stale.size) return;
    this.pause = setTimeout(() => {
      const end = performance.now() + SLICE_MS;
      for (const row of this.stale) {
        this.paintRow(row);
        if (performance.now() > end) break;
      }
      this.paintLater(0);
    }, wait);
  }

  finish() {
    clearTimeout(this.pause);
    for (const row of this.stale) this.paintRow(row);
  }

  put(row, column, first) {
    let text = "";
    for (let n = 0; n < 8; n++) {
      const count = this.counts[first + n];
      if (count) text += this.text(n, count);
    }
    if (text === this.painted[row][column]) return;
    this.painted[row][column] = text;
    const marks = [];
    for (let n = 0; n < 8; n++) {
      const count = this.counts[first + n];
      if (count) marks.push(this.mark(n, this.text(n, count)));
    }
    this.cells[row][column].replaceChildren(...marks);
  }

  mark(n, text) {
    let made = this.made.get(text);
    if (!made) {
      const [letter, said] = LEVELS[n >> 1];
      made = document.createElement("span");
      made.className = `mark ${letter.toLowerCase()}${n & 1 ? " possible" : ""}`;
      made.title = `${n & 1 ? "possibly " : ""}${said}`;
      made.textContent = text;
      this.made.set(text, made);
    }
    return made.cloneNode(true);
  }

  text(mark, count) {
    const letter = LEVELS[mark >> 1][0] + (mark & 1 ? "?" : "");
    return this.byType || count > 1 ? `${letter} ${count}` : letter;
  }

  // What the book can say of each asset: the least that a possible owner allows.
  cover(at) {
    const { ownerships, types } = this.history;
    const begun = new Uint8Array(types.length);
    this.coverage.fill(255);
    for (let n = 0; n < ownerships.from.length; n++) {
      const asset = ownerships.asset[n];
      if (ownerships.from[n] <= at) begun[asset] = 1;
      if (!(ownerships.from_earliest[n] <= at && at < ownerships.to[n])) continue;
      const before = this.coverage[asset];
      this.coverage[asset] = before === 255 ? ownerships.coverage[n] : Math.max(before, ownerships.coverage[n]);
    }
    const unknown = new Uint32Array(this.width);
    for (let asset = 0; asset < types.length; asset++) {
      if (!begun[asset] || this.coverage[asset] === 255) this.coverage[asset] = UNKNOWN;
      if (this.byType && this.coverage[asset] !== KNOWN) unknown[types[asset]]++;
    }
    if (!this.byType) return;
    this.heads.forEach((head, n) => {
      const text = unknown[n] ? `, ${unknown[n]} not fully known` : "";
      const place = head.querySelector(".unknown");
      if (place.textContent !== text) place.textContent = text;
    });
  }

  tell(levels, partners, held) {
    const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
    const parts = [];
    levels.forEach((count, n) => {
      if (count) parts.push(`${count} with ${n & 1 ? "possibly " : ""}${LEVELS[n >> 1][1]}`);
    });
    const holding = held.reduce((sum, one) => sum + one, 0);
    let text = parts.length
      ? `${plural(partners, "partner")} with access to ${plural(holding, "asset")}: ${parts.join(", ")}.`
      : "No access of a partner is recorded at this moment.";
    let empty = 0, unknown = 0;
    this.coverage.forEach((coverage, asset) => {
      if (coverage === KNOWN && !held[asset]) empty++;
      if (coverage === UNKNOWN) unknown++;
    });
    text += ` ${plural(empty, "asset")} without a partner.`;
    if (unknown) text += ` ${plural(unknown, "asset")} not known then: an empty cell there is not a no.`;
    return text;
  }
}
