// What the pages do beyond their addresses: the slider, the reader's zone, copying and printing.

const $ = (id) => document.getElementById(id);

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
  let parts = stamp.slice(20, 26).replace(/0+$/, ""), just = "";
  if (parts === "000001" && !get("Seconds")) [parts, just] = ["", "just after "];
  let text = `${get("Date")} ${MONTHS[get("Month")]} ${get("FullYear")}, ${just}${two("Hours")}:${two("Minutes")}`;
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

// --- a file for a field that takes a text

function prepareFiles() {
  for (const label of document.querySelectorAll("[data-file-for]")) {
    const file = label.querySelector("input");
    const field = label.closest("form").elements[label.dataset.fileFor];
    label.hidden = false;
    file.addEventListener("change", async () => {
      if (file.files.length) field.value = await file.files[0].slice(0, 1_000_001).text();
    });
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
    slider.addEventListener("change", () => this.settle({ all: false }));
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
    for (const kind of ["click", "auxclick", "contextmenu", "keydown", "pagehide", "beforeprint"]) {
      addEventListener(kind, (event) => event.target !== slider && this.settle(), true);
    }
    this.load();
  }

  async load() {
    try {
      const { history, script } = this.table.dataset;
      const [answer, { Matrix }] = await Promise.all([fetch(history), import(script)]);
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
    return this.matrix.changes.findLast((change) => change < this.at);
  }

  changeAfter() {
    return this.matrix.changes.find((change) => change > this.at);
  }

  go(at) {
    this.at = at;
    this.moved = true;
    this.table.setAttribute("aria-busy", "true");
    // One frame paints the newest moment, however many moves came before it.
    if (!this.frame) this.frame = requestAnimationFrame(() => this.show());
    if (!this.timer) this.timer = setTimeout(() => this.settle({ all: false }), 300);
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
  settle({ all = true } = {}) {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.frame && this.matrix) this.show();
    if (all) this.matrix?.finish();
    if (this.at === this.settled) return;
    if (this.failed) {
      location.assign(this.address(location.href));
      return;
    }
    this.settled = this.at;
    history.replaceState(null, "", this.address(location.href));
    for (const link of document.querySelectorAll("a[data-onward], a[data-twin], #permanent")) {
      link.href = this.address(link.href);
    }
    for (const form of document.querySelectorAll("form[data-onward]")) form.action = this.address(form.action);
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
prepareFiles();
if ($("slider")) $("matrix").time = new Time($("matrix"), $("slider"));
