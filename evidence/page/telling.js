// What a pack was found to show, in plain words. Nothing here touches the page.

const COVERAGE_OF_ASSETS = {
  known: "The book is that of the asset's owner at this moment, or knows that the asset was deleted.",
  own_access_only:
    "Another portfolio owned the asset: the book knows only of its own access, not of anybody else's.",
  unknown:
    "The book does not know who owned the asset then. That nobody is listed does not mean that " +
    "nobody had access.",
};
const COVERAGE_OF_PARTNERS = {
  known: "The book knows of this partner at this moment.",
  unknown:
    "The book says nothing of this partner up to this moment. That nothing is listed does not mean " +
    "that there was nothing.",
};

const PROVEN = [
  "Each entry shown here is in the ledger, to the byte and under its number, and they are in their order.",
  "No entry that bears on the question is left out, up to the newest ones that the ledger states.",
  "The answer was worked out anew on this page from these entries alone, and is the one in the pack.",
];
const SIGNED = "The pack, and what it states, was signed with the keys that you gave.";
const NOT_PROVEN = [
  "That what was recorded is true. An entry says what was recorded, by whom, and when.",
  "That the newest entries which the ledger states are the newest. It signs that; a later entry or " +
    "statement that contradicts it is evidence against the signer.",
  "That what was known then ends with the entry that the question names. The ledger signs that too.",
];
const NOT_SIGNED =
  "Who signed the pack: no key was given. Anybody could have made it. Get the ledger's keys from " +
  "its owner, not from where the pack came from.";

/** What was asked, as the pieces of a sentence: texts, and names in lists of one. */
function questionPieces({ kind, asset, partner }) {
  const about = { name: asset ?? partner };
  const by = { name: partner };
  return {
    who: ["Who had access to ", about, "?"],
    owner: ["Who owned ", about, "?"],
    what: ["What could the partner ", about, " do?"],
    line: ["What could the partner ", by, " do on ", about, "?"],
    matrix: ["Who could do what on every asset of the book?"],
    offboard: ["What had the partner ", about, ", what was cut off, and what is still open?"],
    "asset-timeline": ["What is recorded of ", about, ", from first to last?"],
    "partner-timeline": ["What is recorded of the partner ", about, ", from first to last?"],
  }[kind];
}

/** A moment as people write it, in UTC; a part of a second only where there is one. */
function momentWords(text) {
  const [date, time] = partition(text, "T");
  const [clock, fraction] = partition(time.slice(0, -1), ".");
  const isWhole = !Number(fraction);
  return `${date} ${clock}${isWhole ? "" : `.${fraction.replace(/0+$/, "")}`} UTC`;
}

/** A word of a format as words. */
function spaced(word) {
  return String(word).replaceAll("_", " ");
}

const _CAUSES = {
  access_revoked: "access revoked",
  access_changed: "tasks changed",
  partner_removed: "partner removed",
  ownership_changed: "another owner",
  ownership_ended: "ownership ended",
  asset_deleted: "asset deleted",
};

function startWords({ from, from_earliest: earliest, opened_by: entry }) {
  const between = earliest === from ? "" : `, at the earliest ${momentWords(earliest)}`;
  return `${momentWords(from)}${between} (entry ${entry})`;
}

function endWords({ to, to_earliest: earliest, closed_by: entry, cause }) {
  if (to === null) return "not ended, as far as was known";
  const between = earliest === to ? "" : `, at the earliest ${momentWords(earliest)}`;
  return `${momentWords(to)}${between} (entry ${entry}: ${_CAUSES[cause] ?? spaced(cause)})`;
}

/** What an entry says, as the pieces of a sentence. */
function eventPieces({ type, event }) {
  const owner = { name: event.owner };
  const partner = { name: event.partner, called: event.partner_name };
  const asset = event.asset && {
    name: `${event.asset.type}:${event.asset.id}`,
    called: event.asset.name,
  };
  const tasks = { list: event.tasks ?? [] };
  switch (type) {
    case "partner-added/v1":
      return [owner, " added ", partner, " as a partner"];
    case "partner-removed/v1":
      return [partner, " is no longer a partner of ", owner, ` (removed by: ${event.removed_by})`];
    case "ownership-established/v1":
      return [owner, " owns ", asset, ` (how it came to it: ${event.basis})`];
    case "ownership-transferred/v1":
      return [owner, " passed ", asset, " on to ", { name: event.to_owner }];
    case "ownership-ended/v1":
      return [owner, " no longer owns ", asset, ` (${spaced(event.reason)})`];
    case "access-granted/v1":
      return [owner, " gave ", partner, " access to ", asset, ": ", tasks];
    case "access-changed/v1":
      return [owner, " changed the access of ", partner, " to ", asset, " to: ", tasks];
    case "access-revoked/v1":
      return [owner, " took the access to ", asset, " from ", partner];
    default:
      return [`Entry ${event.entry} is declared void: `, { name: event.reason }];
  }
}

/** What an entry counts for in the answer; `known` are those that it rests on, by their numbers. */
function standingOf(entry, { question, reading }, known) {
  if (entry.number > question.knownAt) {
    return { status: "later", why: "recorded later than asked; not counted" };
  }
  if (!known.has(entry.number)) {
    return { status: "place", why: "shows only where a correction stands; not counted" };
  }
  const { status, voided_by: by, why } = becameOf(entry, reading, known);
  const words = {
    void: `void by entry ${by}: ${why}`,
    voids: "declares another entry void",
    no_effect: `no effect: ${why}`,
    effective: "counts",
  };
  return { status, why: words[status] };
}
