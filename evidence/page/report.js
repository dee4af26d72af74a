// The report on a pack that holds: the question, the answer, the entries, what is proven.

function report(verified) {
  return [
    _questionSection(verified),
    section("Answer", ..._ANSWER_PARTS[verified.question.kind](verified.answer)),
    _entriesSection(verified),
    _provenSection(verified),
    _ledgerSection(verified),
  ];
}

function _questionSection({ question, statement }) {
  const { book, at, knownAt, during } = question;
  const when = during
    ? `From ${momentWords(during.from)} until just before ${momentWords(during.to)}`
    : `At ${momentWords(at)}`;
  const known = statement.recordedAt
    ? `as it was known on ${momentWords(statement.recordedAt)} (entry ${knownAt})`
    : "as it was known before the first entry";
  return section(
    "Question",
    sentence("p", { class: "asked" }, questionPieces(question)),
    sentence("p", {}, [`${when}, ${known}, in the book of `, { name: book }, "."]),
  );
}

const _HELD_SINCE = ["From", "Until", "How certain"];

function _periodCells({ window, certainty }) {
  return [startWords(window), endWords(window), certainty];
}

function _assetCell({ type, id, name }) {
  return named(`${type}:${id}`, name);
}

const _HOLDING_COLUMNS = {
  Asset: (held) => _assetCell(held.asset),
  Partner: (held) => named(held.partner, held.partner_name),
  Owner: (held) => foreign(held.owner),
  "May do": (held) => listed(held.tasks),
  "That is": (held) => spaced(held.level),
};

/** Who may do what, with some of the columns. */
function _holdingsTable(caption, held, names, none) {
  const rows = held.map((one) => [
    ...names.map((name) => _HOLDING_COLUMNS[name](one)),
    ..._periodCells(one),
  ]);
  return table(caption, [...names, ..._HELD_SINCE], rows, none);
}

function _ownershipsTable(caption, spans, none) {
  const rows = spans.map((span) => [
    _assetCell(span.asset),
    span.owner === null ? "nobody known" : foreign(span.owner),
    spaced(span.detail),
    ..._periodCells(span),
  ]);
  return table(caption, ["Asset", "Owner", "How", ..._HELD_SINCE], rows, none);
}

function _episodesTable({ episodes }) {
  const rows = episodes.map((span) => [
    foreign(span.owner),
    named(span.partner, span.partner_name),
    ..._periodCells(span),
  ]);
  const columns = ["Owner", "Partner", ..._HELD_SINCE];
  return table("Partnerships", columns, rows, "none recorded");
}

function _assetCoverage({ asset, coverage }) {
  const about = make("p", {}, "Asset: ", _assetCell(asset));
  return [about, make("p", {}, COVERAGE_OF_ASSETS[coverage])];
}

function _partnerCoverage({ partner, partner_name: called, coverage }) {
  const about = make("p", {}, "Partner: ", named(partner, called));
  return [about, make("p", {}, COVERAGE_OF_PARTNERS[coverage])];
}

const _ON_ASSETS = ["Partner", "May do", "That is", "Owner"];
const _BY_PARTNERS = ["Asset", "May do", "That is", "Owner"];

const _ANSWER_PARTS = {
  who: (answer) => [
    ..._assetCoverage(answer),
    make("p", {}, "Owner: ", answer.owner === null ? "nobody known" : foreign(answer.owner)),
    _holdingsTable("Who had access", answer.holders, _ON_ASSETS, "nobody is recorded"),
  ],
  owner: (answer) => [
    ..._assetCoverage(answer),
    _ownershipsTable("Who owned it", answer.ownerships, "nobody is recorded"),
  ],
  what: (answer) => [
    ..._partnerCoverage(answer),
    _holdingsTable("What it could do", answer.holdings, _BY_PARTNERS, "nothing is recorded"),
  ],
  line: (answer) => [
    ..._assetCoverage(answer),
    make("p", {}, "Partner: ", named(answer.partner, answer.partner_name)),
    make("p", {}, "Owner: ", answer.owner === null ? "nobody known" : foreign(answer.owner)),
    _holdingsTable("What it could do", answer.holdings, _BY_PARTNERS, "nothing is recorded"),
  ],
  matrix: (answer) => [
    _holdingsTable(
      "Who could do what",
      answer.cells,
      ["Asset", "Partner", "May do", "That is", "Owner"],
      "no access is recorded",
    ),
    make("p", {}, `Assets that nobody else had access to: ${answer.known_assets_without_holder}`),
    make("p", {}, `Assets whose holders the book cannot know: ${answer.unknown_assets}`),
  ],
  offboard: _offboardParts,
  "asset-timeline": (answer) => [
    ..._assetCoverage(answer),
    _holdingsTable("Accesses", answer.windows, _ON_ASSETS, "none recorded"),
    _ownershipsTable("Owners", answer.ownerships, "none recorded"),
  ],
  "partner-timeline": (answer) => [
    ..._partnerCoverage(answer),
    _episodesTable(answer),
    _holdingsTable("Accesses", answer.windows, _BY_PARTNERS, "none recorded"),
  ],
};

function _offboardParts(answer) {
  const accesses = (caption, given, none) => {
    const rows = given.map(({ holding, planned_end_at: planned, days_late: late }) => [
      _assetCell(holding.asset),
      listed(holding.tasks),
      ..._periodCells(holding),
      planned === null ? "none" : `${momentWords(planned)} (days late: ${late})`,
    ]);
    const columns = ["Asset", "May do", ..._HELD_SINCE, "Promised end"];
    return table(caption, columns, rows, none);
  };
  return [
    ..._partnerCoverage(answer),
    make("p", {}, `Accesses that the partner had on assets: ${answer.had}`),
    accesses("Still open", answer.still_open, "nothing"),
    accesses("Cut off", answer.cut_off, "nothing"),
    _ownershipsTable("Owned by the partner itself", answer.owned_by_partner, "nothing"),
    _episodesTable(answer),
    make("p", {}, "The ledger does not see:"),
    bullets(answer.not_seen),
  ];
}

function _entriesSection(verified) {
  const { entries } = verified;
  const known = numbered(verified.known);
  const rows = entries.map((entry) => _entryCells(entry, standingOf(entry, verified, known)));
  const columns = ["Entry", "What", "In effect", "Recorded", "What it counts for"];
  return section(
    "Entries that bear on it",
    table("In the order of their numbers", columns, rows, "no entry bears on the question"),
  );
}

function _entryCells(entry, { status, why }) {
  const said = sentence("span", {}, eventPieces(entry));
  const { effective_at: at, effective_after: after } = entry.event;
  const between = after ? `, at the earliest just after ${momentWords(after)}` : "";
  const effective = entry.isVoid ? "-" : `${momentWords(at)}${between}`;
  const recorded = make("span", {}, `${momentWords(entry.recordedAt)} by `);
  recorded.append(foreign(entry.recordedBy), ..._handedIn(entry.event));
  return [
    String(entry.number),
    status === "void" ? make("s", {}, said) : said,
    status === "void" ? make("s", {}, effective) : effective,
    recorded,
    foreign(why),
  ];
}

/** Who did it in the world, as far as the event says. */
function _handedIn({ actor }) {
  if (!actor) return [];
  const who = actor.id ? [" ", foreign(actor.id)] : [];
  return [make("span", {}, `; done by: ${spaced(actor.kind)}`, ...who)];
}

function _provenSection({ signedBy, since, statement, entries }) {
  const proven = [...PROVEN];
  if (signedBy.length) proven.push(SIGNED);
  if (since) proven.push(`The ledger only grew since the checkpoint of ${since.size} entries.`);
  const open = [...NOT_PROVEN];
  if (statement.owners.length) {
    open.push("That the partner had no other owners in this book than those that the ledger states.");
  }
  if (statement.owned.length) {
    open.push("That the partner was recorded as owner of no other assets than the ledger states.");
  }
  if (!signedBy.length) open.unshift(NOT_SIGNED);
  return section(
    "What is proven, and what is not",
    make("h3", {}, `Proven (${entries.length} entries)`),
    bullets(proven),
    make("h3", {}, "Not proven"),
    bullets(open),
  );
}

function _ledgerSection({ origin, checkpoint, createdAt, signedBy }) {
  const facts = [
    ["Ledger", foreign(origin)],
    ["Entries in it", String(checkpoint.size)],
    ["Root of its tree", make("code", {}, toHex(checkpoint.root))],
    ["Pack made", momentWords(createdAt)],
    ...signedBy.map(({ name, id }) => ["Signed by", make("span", {}, foreign(name), ` (${id})`)]),
  ];
  const pairs = facts.flatMap(([term, value]) => [make("dt", {}, term), make("dd", {}, value)]);
  return section("The ledger", make("dl", {}, ...pairs));
}
