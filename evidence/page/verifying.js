// Verification of a pack: every claim of it, from its bytes and keys that came from elsewhere. What
// is not proven is refused with a sentence that says why.

const STATEMENTS = "/statements";

/**
 * What the pack proves, to somebody who knows these keys. Without keys (null) all is checked but
 * the signatures. `held` is a checkpoint that the verifier holds already, as a note, or null.
 */
async function verifyPack(data, keys, held = null) {
  const pack = await readPack(data);
  const { members, origin, createdAt } = pack;
  const signedBy = new Set();
  const opener = { origin, keys, signedBy };
  await _checkManifest(pack, opener);
  const checkpoint = await _checkpoint(opener, "checkpoint.note", members.get("checkpoint.note"));
  const question = _questionIn(members.get("question.json"));
  const statement = await _statement(opener, members.get("statement.note"), checkpoint, question);
  const since = await _since(opener, members, checkpoint, held);
  const entries = await _provenEntries(members, checkpoint, question);
  checkComplete(question, entries, statement);
  const given = members.get("answer.json");
  if (!isObject(parseCanonical(given))) refuse("answer.json does not hold an object");
  const { answer, reading, known } = derive(question, entries, statement);
  const derived = writeCanonical(answer);
  if (!sameBytes(given, derived)) {
    refuse(
      "the answer that follows from the entries is another one than answer.json, from byte " +
        `${firstDifference(given, derived)} on`,
    );
  }
  return {
    origin, createdAt, question, statement, checkpoint, since, entries, answer, reading, known,
    signedBy: [...signedBy],
  };
}

/** A note that is signed by this name, as far as keys can tell. */
async function _open({ keys, signedBy }, member, bytes, name) {
  const note = readNote(bytes);
  if (!note.signatures.some((signature) => signature.name === name)) {
    refuse(`${member} bears no signature in the name of ${name}`);
  }
  if (keys === null) return note;
  const ours = keys.filter((key) => key.name === name);
  if (!ours.length) {
    const names = sorted(new Set(keys.map((key) => key.name))).join(", ") || "none";
    refuse(
      `${member} must be signed by ${name}, of whom no key is known (keys known: ${names}); get ` +
        "the ledger's keys from its owner",
    );
  }
  const signers = await keysThatSigned(note, ours, member);
  if (!signers.length) {
    refuse(
      `${member} is not signed by any key that is known of ${name}; if its keys were replaced ` +
        "since, get the newest from the ledger's owner",
    );
  }
  signers.forEach((key) => signedBy.add(key));
  return note;
}

/** The whole pack is signed for; the note has no second line, which would be covered by none. */
async function _checkManifest({ members, origin }, opener) {
  const name = origin + STATEMENTS;
  const note = await _open(opener, "manifest.note", members.get("manifest.note"), name);
  if (note.signatures.length !== 1) {
    refuse(`manifest.note bears ${note.signatures.length} signatures, and not one`);
  }
  if (note.text !== (await manifestText(members.get("manifest.json"), origin))) {
    refuse("manifest.note signs another manifest than the one in the pack");
  }
}

async function _checkpoint(opener, member, bytes) {
  const note = await _open(opener, member, bytes, opener.origin);
  const checkpoint = parseCheckpoint(note.text);
  _requireOrigin(member, checkpoint.origin, opener.origin);
  return checkpoint;
}

function _requireOrigin(member, found, origin) {
  if (found !== origin) {
    refuse(`${member} is of the log ${quoted(found)}, and the pack of ${quoted(origin)}`);
  }
}

function _questionIn(data) {
  // Canonical, and without a field that is not read, it can be written in one way only.
  return readQuestion(parseCanonical(data));
}

/** What the log states about the book as known then, in the tree of the checkpoint. */
async function _statement(opener, bytes, checkpoint, question) {
  const name = opener.origin + STATEMENTS;
  const note = await _open(opener, "statement.note", bytes, name);
  const statement = parseStatement(note.text);
  _requireOrigin("statement.note", statement.origin, opener.origin);
  if (statement.size !== checkpoint.size || !sameBytes(statement.root, checkpoint.root)) {
    refuse(
      `the statement is about the tree of ${statement.size} with the root ` +
        `${toHex(statement.root)}, and the checkpoint about that of ${checkpoint.size} with ` +
        toHex(checkpoint.root),
    );
  }
  const other = (what, stated, asked) =>
    refuse(`the statement is about ${what} ${stated}, and the question about ${asked}`);
  if (statement.book !== question.book) other("book", statement.book, question.book);
  if (statement.knownAt !== BigInt(question.knownAt)) {
    other("entry", statement.knownAt, question.knownAt);
  }
  return statement;
}

/** The older checkpoint that the pack's goes on from, if it is the one that is held. */
async function _since(opener, members, checkpoint, held) {
  let older = null;
  if (members.has("since.note")) {
    older = await _checkpoint(opener, "since.note", members.get("since.note"));
    _requireOlder(older, checkpoint, "its older one");
    const hashes = consistencyHashes(members.get("consistency.json"));
    await verifyConsistency(older, checkpoint, hashes);
  }
  if (held === null) return older;
  const known = await _checkpoint(opener, "the checkpoint that you hold", held);
  _requireOlder(known, checkpoint, "the one that you hold");
  // Every tree goes on from the empty one, and a tree from itself.
  const shown = [{ size: 0n, root: await emptyRoot() }, checkpoint, ...(older ? [older] : [])];
  if (!shown.some(({ size, root }) => size === known.size && sameBytes(root, known.root))) {
    const what = older ? `one of ${older.size} with the root ${toHex(older.root)}` : "none";
    refuse(
      `you hold a checkpoint of ${known.size} entries with the root ${toHex(known.root)}, and ` +
        `the pack shows that the log went on from ${what}; ask for a pack made since yours`,
    );
  }
  return known;
}

function _requireOlder(older, checkpoint, which) {
  if (older.size > checkpoint.size) {
    refuse(
      `the pack's checkpoint is of ${checkpoint.size} entries, and ${which} of ${older.size}; ` +
        "ask for a pack that is made now",
    );
  }
}

const _AT_ONCE = 256;

/** The entries, each proven to be in the tree, of the question's book, and in their order. */
async function _provenEntries(members, checkpoint, question) {
  const stored = linesOf("entries.jsonl", members.get("entries.jsonl"));
  const proofs = leafProofs(members.get("proofs.jsonl"));
  if (stored.length !== proofs.length) {
    refuse(
      `the pack holds ${stored.length} entries and ${proofs.length} proofs, not one for each`,
    );
  }
  const entries = [];
  for (let start = 0; start < stored.length; start += _AT_ONCE) {
    const range = stored.slice(start, start + _AT_ONCE).map((data, at) => [data, proofs[start + at]]);
    const inTree = await Promise.all(range.map(([data, proof]) => _whyNot(data, proof, checkpoint)));
    for (const [at, [data, { index }]] of range.entries()) {
      const entry = { ...readEntry(data), index };
      _requireNext(entry, entries[entries.length - 1], question.book);
      if (inTree[at]) {
        refuse(`entry ${entry.number} is not proven to be in the ledger: ${inTree[at].message}`);
      }
      entries.push(entry);
    }
  }
  return entries;
}

/** Why an entry is not proven to be in the tree; null if it is. */
async function _whyNot(data, { index, proof }, { size, root }) {
  try {
    await verifyInclusion({ leaf: await leafHash(data), index, size, root, proof });
    return null;
  } catch (error) {
    if (!(error instanceof NotVerified)) throw error;
    return error;
  }
}

function _requireNext({ book, number, index }, before, asked) {
  if (book !== asked) refuse(`entry ${number} is of book ${book}, and the question of ${asked}`);
  if (before && (number <= before.number || index <= before.index)) {
    refuse(`entry ${number} stands behind entry ${before.number}, out of order`);
  }
}
