// What the pages do beyond their addresses: the slider, the reader's zone, copying and printing.

const $ = (id) => document.getElementById(id);
const LEVELS = [["F", "full control"], ["P", "partial access"], ["N", "no tasks"], ["U", "level not specified"]];
const KNOWN = 0, UNKNOWN = 2; // places in the list of coverages: known, own_access_only, unknown

// --- moments: microseconds since 1970, which a number holds exactly until the year 2255

const iso = (at) => {
  const seconds = Math.floor(at / 1e6);
  const parts = String(at - seconds * 1e6).padStart(6, "0");
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${parts}Z`;
};
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
let local = false;

function words(stamp) {
  const date = new Date(`${stamp.slice(0, 19)}Z`);
  const get = (name) => (local ? date[`get${name}`]() : date[`getUTC${name}`]());
  const two = (name) => String(get(name)).padStart(2, "0");
  const parts = stamp.slice(20, 26).replace(/0+$/, "");
  let text = `${get("Date")} ${MONTHS[get("Month")]} ${get("FullYear")}, ${two("Hours")}:${two("Minutes")}`;
  if (parts || get("Seconds")) text += `:${two("Seconds")}${parts ? `.${parts}` : ""}`;
  if (!local) return `${text} UTC`;
  const minutes = -date.getTimezoneOffset(), size = Math.abs(minutes);
  const offset = `${String(Math.trunc(size / 60)).padStart(2, "0")}:${String(size % 60).padStart(2, "0")}`;
  return `${text} ${minutes < 0 ? "−" : "+"}${offset}`;
}

function put(element, at) {
  let time = element.querySelector("time");
  if (!time) element.replaceChildren((time = document.createElement("time")));
  time.dateTime = iso(at);
  time.textContent = words(time.dateTime);
}

// --- the reader's zone

function showZone() {
  for (const time of document.querySelectorAll("time")) time.textContent = words(time.dateTime);
  const name = local ? Intl.DateTimeFormat().resolvedOptions().timeZone : "UTC";
  for (const element of document.querySelectorAll(".zone")) element.textContent = name;
  $("zone").setAttribute("aria-pressed", String(local));
}

function say(text) {
  $("said").textContent = text;
}

function prepareTools() {
  for (const id of ["copy", "zone", "print"]) $(id).hidden = false;
  $("zone").addEventListener("click", () => {
    local = !local;
    localStorage.setItem("local-times", local ? "yes" : "");
    showZone();
  });
  $("print").addEventListener("click", () => print());
  $("copy").addEventListener("click", async () => {
    const address = $("permanent").href;
    try {
      await navigator.clipboard.writeText(address);
      say("Copied. It gives this same answer for ever.");
    } catch {
      say(`The browser does not let a page copy here; the link is ${address}`);
    }
  });
  try {
    local = localStorage.getItem("local-times") === "yes";
  } catch { /* where nothing may be kept, times are in UTC */ }
  if (local) showZone();
}

// --- the matrix of any instant, from the whole history

class Matrix {
  constructor(table, history) {
    Object.assign(this, { table, history });
    this.byType = table.classList.contains("types");
    this.rows = [...table.tBodies[0].rows];
    this.heads = [...table.tHead.rows[0].cells].slice(1);
    this.row = new Map(this.rows.map((row, n) => [this.byType ? n : Number(row.dataset.asset), n]));
    this.width = this.heads.length;
    this.painted = this.rows.flatMap((row) => [...row.cells].slice(1).map((cell) => cell.textContent));
    this.coverage = new Uint8Array(history.types.length);
    for (const spans of [history.windows, history.ownerships]) {
      spans.to = spans.to.map((to) => to ?? Infinity);
      spans.from_earliest = spans.from.map((from, n) => from - spans.from_edge[n]);
      spans.to_earliest = spans.to.map((to, n) => to - spans.to_edge[n]);
    }
  }

  paint(at) {
    const { windows, types } = this.history;
    const counts = new Map(), levels = new Uint32Array(8), partners = new Set(), assets = new Set();
    for (let n = 0; n < windows.from.length; n++) {
      if (!(windows.from_earliest[n] <= at && at < windows.to[n])) continue;
      const possible = !(windows.from[n] <= at && at < windows.to_earliest[n]);
      const mark = windows.level[n] * 2 + (possible ? 1 : 0);
      const asset = windows.asset[n], partner = windows.partner[n];
      levels[mark]++;
      partners.add(partner);
      assets.add(asset);
      const row = this.row.get(this.byType ? partner : asset);
      if (row === undefined) continue;
      const cell = row * this.width + (this.byType ? types[asset] : partner);
      if (!counts.has(cell)) counts.set(cell, new Uint32Array(8));
      counts.get(cell)[mark]++;
    }
    for (let cell = 0; cell < this.painted.length; cell++) this.put(cell, counts.get(cell));
    this.cover(at);
    return this.tell(levels, partners.size, assets);
  }

  put(cell, marks) {
    let text = "";
    if (marks) for (let n = 0; n < 8; n++) if (marks[n]) text += this.text(n, marks[n]);
    if (text === this.painted[cell]) return;
    this.painted[cell] = text;
    const spans = [];
    for (let n = 0; n < 8; n++) {
      if (!marks?.[n]) continue;
      const [letter, said] = LEVELS[n >> 1];
      const span = document.createElement("span");
      span.className = `mark ${letter.toLowerCase()}${n & 1 ? " possible" : ""}`;
      span.title = `${n & 1 ? "possibly " : ""}${said}`;
      span.textContent = this.text(n, marks[n]);
      spans.push(span);
    }
    this.rows[Math.floor(cell / this.width)].cells[(cell % this.width) + 1].replaceChildren(...spans);
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
    if (this.byType) {
      this.heads.forEach((head, n) => {
        const text = unknown[n] ? `, ${unknown[n]} not fully known` : "";
        const place = head.querySelector(".unknown");
        if (place.textContent !== text) place.textContent = text;
      });
      return;
    }
    const names = ["known", "own_access_only", "unknown"];
    for (const [asset, row] of this.row) {
      const name = names[this.coverage[asset]];
      if (this.rows[row].className !== name) this.rows[row].className = name;
    }
  }

  tell(levels, partners, assets) {
    const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
    const parts = [];
    levels.forEach((count, n) => {
      if (count) parts.push(`${count} with ${n & 1 ? "possibly " : ""}${LEVELS[n >> 1][1]}`);
    });
    let text = parts.length
      ? `${plural(partners, "partner")} with access to ${plural(assets.size, "asset")}: ${parts.join(", ")}.`
      : "No access of a partner is recorded at this moment.";
    let empty = 0, unknown = 0;
    this.coverage.forEach((coverage, asset) => {
      if (coverage === KNOWN && !assets.has(asset)) empty++;
      if (coverage === UNKNOWN) unknown++;
    });
    text += ` ${plural(empty, "asset")} without a partner.`;
    if (unknown) text += ` ${plural(unknown, "asset")} not known then: an empty cell there is not a no.`;
    return text;
  }
}

// --- moving through time: one moment, and everything on the page follows it

class Time {
  constructor(table, slider) {
    Object.assign(this, { table, slider });
    const { start, end, unit, at } = table.dataset;
    Object.assign(this, { start: Number(start), end: Number(end), unit: Number(unit), at: Number(at) });
    this.settled = this.at;
    this.frame = 0;
    this.timer = 0;
    this.moved = false;
    slider.hidden = false;
    slider.setAttribute("aria-valuetext", words(iso(this.at)));
    slider.addEventListener("input", () => this.go(this.moment(slider.valueAsNumber)));
    slider.addEventListener("change", () => this.settle());
    for (const id of ["before", "after"]) {
      $(id).addEventListener("click", (event) => {
        if (!this.matrix || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
        event.preventDefault();
        const change = id === "before" ? this.changeBefore() : this.changeAfter();
        if (change === undefined) return;
        this.go(change);
        slider.value = String(this.position(change));
        this.settle();
      });
    }
    for (const kind of ["click", "auxclick", "contextmenu", "keydown", "pagehide"]) {
      addEventListener(kind, (event) => event.target !== slider && this.settle(), true);
    }
    this.load();
  }

  async load() {
    try {
      const answer = await fetch(this.table.dataset.history);
      if (!answer.ok || answer.redirected) throw new Error(`the history was answered ${answer.status}`);
      this.matrix = new Matrix(this.table, await answer.json());
      if (this.moved) this.show();
    } catch {
      this.failed = true; // then a move asks the server for the page of its moment
      if (this.moved) this.settle();
    }
    this.table.dataset.ready = this.failed ? "no" : "yes";
  }

  moment(position) {
    return position >= Number(this.slider.max) ? this.end : this.start + position * this.unit;
  }

  position(at) {
    const last = Number(this.slider.max);
    return at >= this.end ? last : Math.max(0, Math.min(last - 1, Math.floor((at - this.start) / this.unit)));
  }

  changeBefore() {
    return this.matrix.history.changes.findLast((change) => change < this.at);
  }

  changeAfter() {
    return this.matrix.history.changes.find((change) => change > this.at);
  }

  go(at) {
    this.at = at;
    this.moved = true;
    this.table.setAttribute("aria-busy", "true");
    // One frame paints the newest moment, however many moves came before it.
    if (!this.frame) this.frame = requestAnimationFrame(() => this.show());
    if (!this.timer) this.timer = setTimeout(() => this.settle(), 300);
  }

  show() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (!this.matrix) return;
    $("told").textContent = this.matrix.paint(this.at);
    this.table.removeAttribute("aria-busy");
    put($("at-label"), this.at);
    put($("sheet-at"), this.at);
    this.slider.setAttribute("aria-valuetext", words(iso(this.at)));
    const share = Math.max(0, Math.min(1, (this.at - this.start) / (this.end - this.start)));
    for (const end of ["x1", "x2"]) $("hand").setAttribute(end, String(120 * share));
    for (const [id, change] of [["before", this.changeBefore()], ["after", this.changeAfter()]]) {
      if (change === undefined) {
        $(id).removeAttribute("href");
        continue;
      }
      put($(id).querySelector("span"), change);
      $(id).href = this.address(location.href, change);
    }
  }

  address(from, at = this.at) {
    const url = new URL(from);
    url.searchParams.set("at", iso(at));
    url.searchParams.set("known_at", this.table.dataset.known);
    return url.href;
  }

  // The address, and every link that leads on, ask what is shown. Browsers allow a page only so
  // many changes of its address, so a drag changes it a few times a second and at its end.
  settle() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.at === this.settled) return;
    if (this.failed) {
      location.assign(this.address(location.href));
      return;
    }
    if (this.frame) this.show();
    this.settled = this.at;
    history.replaceState(null, "", this.address(location.href));
    for (const link of document.querySelectorAll("a[data-onward], a[data-twin], #permanent")) {
      link.href = this.address(link.href);
    }
    for (const link of document.querySelectorAll("a[data-now]")) {
      const url = new URL(this.address(link.href));
      url.searchParams.delete("known_at");
      link.href = url.href;
    }
    for (const field of document.querySelectorAll('input[name="at"]')) field.value = iso(this.at);
    for (const field of document.querySelectorAll('input[name="known_at"]')) field.value = this.table.dataset.known;
  }
}

if ($("copy")) prepareTools();
if ($("slider")) $("matrix").time = new Time($("matrix"), $("slider"));
