// Statements: what a ledger says is the newest entry of each subject, as the text of a note.

const _FIRST_LINE = "access-ledger statement/v1";
const _isPair = matches("[0-9]{5,20}:[0-9]{5,20}");

function _isSubject(text) {
  const [kind, rest] = partition(text, ":");
  if (rest === null) return false;
  if (kind === "partner" || kind === "episode") return _isPair(rest);
  if (kind === "line") {
    const [owner, partner, onType, ...onId] = rest.split(":");
    return _isPair(`${owner}:${partner}`) && isAsset(onType ?? "", onId.join(":"));
  }
  const [type, id] = partition(rest, ":");
  return (kind === "asset" || kind === "ownership") && isAsset(type, id ?? "");
}

/** The statement that the text of a note makes. Whether it is signed is not looked at. */
function parseStatement(text) {
  const [first, ...lines] = text.split("\n");
  if (first !== _FIRST_LINE) {
    refuse(`the text does not begin with the line ${quoted(_FIRST_LINE)}`);
  }
  if (lines.length < 6 || lines.pop()) {
    refuse(
      "a statement is an origin, a size, a root hash, a book and a state of knowledge, each on a " +
        "line of its own, and then its subjects",
    );
  }
  const [origin, size, root, book, known, ...rest] = lines;
  const [knownAt, recordedAt] = partition(known, " ");
  const { newest, owners, owned } = _readRest(rest);
  const statement = {
    origin, book, newest, owners, owned,
    size: _number(size),
    root: _root(root),
    knownAt: _number(knownAt),
    recordedAt: recordedAt === "-" ? null : (recordedAt ?? ""),
  };
  _requirePossible(statement);
  if (_textOf(statement) !== text) {
    refuse("the lines of the statement are not sorted, or not each there once");
  }
  return statement;
}

function _readRest(lines) {
  const [newest, owners, owned] = [new Map(), new Set(), new Set()];
  for (const line of lines) {
    const [word, one, two, ...more] = line.split(" ");
    if (word === "newest" && two !== undefined && !more.length) newest.set(one, _number(two));
    else if (word === "owner" && one !== undefined && two === undefined) owners.add(one);
    else if (word === "owned" && one !== undefined && two === undefined) owned.add(one);
    else refuse(`${shown(line)} is not a line of a statement`);
  }
  return { newest, owners: sorted(owners), owned: sortedBy(owned, halvesOrOne) };
}

/** As `halvesOf`, also of a text without a colon. */
function halvesOrOne(key) {
  const [one, other] = halvesOf(key);
  return [one, other ?? ""];
}

function _number(text) {
  const number = parseDecimal(text);
  if (number === null) refuse(`${shown(text)} is not a number of a statement`);
  return number;
}

function _root(text) {
  const root = fromBase64(text);
  if (root === null) refuse(`${shown(text)} is not a root hash in base64`);
  return root;
}

function _requirePossible({ origin, size, root, book, knownAt, recordedAt, ...claims }) {
  const cannot = (detail) => refuse(`the statement cannot be: ${detail}`);
  if (origin === "") cannot("its origin is not one line of text");
  requireHash("the root of the statement", root);
  if (!isPortfolio(book)) cannot("its book is not the id of a portfolio");
  if (knownAt > size) cannot(`entry ${knownAt} of a book is not in a tree of ${size} entries`);
  if ((recordedAt === null) !== (knownAt === 0n)) {
    cannot("a recorded time belongs to an entry, and only the number 0 has none");
  }
  if (recordedAt !== null && !isInstant(recordedAt)) {
    cannot("its recorded time is not in the canonical form");
  }
  for (const [subject, number] of claims.newest) {
    if (!_isSubject(subject)) cannot(`${shown(subject)} is not a subject`);
    if (number > size) {
      cannot(`the newest entry of ${subject} is not in a tree of ${size} entries`);
    }
  }
  for (const owner of claims.owners) {
    if (!isPortfolio(owner)) cannot(`${shown(owner)} is not the id of a portfolio`);
  }
  for (const [type, id] of claims.owned.map(halvesOrOne)) {
    if (!isAsset(type, id)) cannot(`${shown(type)} and ${shown(id)} do not name an asset`);
  }
}

/** The one text of a statement. */
function _textOf({ origin, size, root, book, knownAt, recordedAt, newest, owners, owned }) {
  const lines = [
    _FIRST_LINE,
    origin,
    size,
    toBase64(root),
    book,
    `${knownAt} ${recordedAt ?? "-"}`,
    ...sorted(newest.keys()).map((subject) => `newest ${subject} ${newest.get(subject)}`),
    ...owners.map((owner) => `owner ${owner}`),
    ...owned.map((asset) => `owned ${asset}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** The newest entry of a subject. Numbers that no entry can have may lose their last digits. */
function newestOf(statement, subject) {
  return Number(statement.newest.get(subject));
}
