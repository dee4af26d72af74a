// Packs: the evidence for one answer, taken apart, each member held to the manifest.

const _FORMAT = "access-ledger-pack/v1";
const _MANIFEST_HEADER = "access-ledger pack/v1";
const _MAX_LINE_BYTES = 65_535;
const _MOST_HASHES = 126;
const _isCreatedAt = matches(
  "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])" +
    "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{6}Z",
);

/** The members of a pack, each as its manifest lists it. No signature is checked. */
async function readPack(data) {
  const members = readArchive(data);
  const { origin, createdAt } = await _heldToManifest(members);
  if (members.has("since.note") !== members.has("consistency.json")) {
    refuse(
      "since.note and consistency.json belong together, and the pack holds one of them only",
    );
  }
  return { members, origin, createdAt };
}

async function _heldToManifest(members) {
  const manifest = members.get("manifest.json");
  const value = parseCanonical(manifest);
  const isManifest =
    hasJust(value, "created_at", "format", "members", "origin") &&
    [value.created_at, value.format, value.origin].every(isText) &&
    Array.isArray(value.members);
  if (!isManifest) refuse("manifest.json is not an object with a manifest's four fields");
  const { format, origin, created_at: createdAt, members: listed } = value;
  if (format !== _FORMAT) {
    refuse(`the pack is in the format ${quoted(format)}; this reads ${_FORMAT}`);
  }
  if (!_isCreatedAt(createdAt)) {
    refuse(`the manifest's ${quoted(createdAt)} is not a moment in UTC`);
  }
  // What it would be for these members, if they were those that were signed for.
  const held = await _listOf(members);
  const ours = writeCanonical({ created_at: createdAt, format: _FORMAT, members: held, origin });
  if (!sameBytes(manifest, ours)) {
    _requireSameList(listed, held);
    refuse("manifest.json is not how the list of these members is written");
  }
  return { origin, createdAt };
}

/** Each member that a manifest lists: all but itself and the note that signs it. */
function _listOf(members) {
  const names = MEMBERS.slice(0, -2).filter((name) => members.has(name));
  return Promise.all(
    names.map(async (name) => {
      const content = members.get(name);
      return { name, sha256: toHex(await sha256(content)), size: content.length };
    }),
  );
}

/** Name the first member that is listed otherwise than it is held. */
function _requireSameList(listed, held) {
  const names = [listed, held].map((items) => items.map((item) => _field(item, "name")));
  if (compare(...names) !== 0) {
    const differing = MEMBERS.filter((name) => names[0].includes(name) !== names[1].includes(name));
    refuse(
      differing.length
        ? "the manifest and the pack do not have the same members; they differ in: " +
            differing.join(", ")
        : "the manifest lists the members of the pack in another order, or one of them twice",
    );
  }
  for (const [at, item] of held.entries()) {
    if (!sameBytes(writeCanonical(listed[at]), writeCanonical(item))) {
      refuse(
        `${item.name} was changed: the manifest lists it with ${_summary(listed[at])}, and it ` +
          `has ${_summary(item)}`,
      );
    }
  }
}

function _field(item, name) {
  return isObject(item) ? String(item[name]) : "nothing";
}

function _summary(item) {
  return `${_field(item, "size")} bytes and the hash ${_field(item, "sha256")}`;
}

/** The text of the note by which the whole pack is signed. */
async function manifestText(manifest, origin) {
  return `${_MANIFEST_HEADER}\n${origin}\nsha256:${toHex(await sha256(manifest))}\n`;
}

/** The lines of a member of which each ends in a line feed. */
function linesOf(name, data) {
  const lines = [];
  let at = 0;
  while (at < data.length) {
    const end = data.indexOf(0x0a, at);
    if (end < 0) refuse(`${name} cannot be read: its last line does not end in a line feed`);
    const length = end - at;
    lines.push(data.subarray(at, end));
    if (!length || length > _MAX_LINE_BYTES) {
      refuse(`${name} cannot be read: line ${lines.length} has ${length} bytes`);
    }
    at = end + 1;
  }
  return lines;
}

/** The index and the hashes in each line of proofs.jsonl. */
function leafProofs(data) {
  return linesOf("proofs.jsonl", data).map((line, at) => {
    const value = parseCanonical(line);
    const where = `line ${at + 1}`;
    const cannot = (why) => refuse(`proofs.jsonl cannot be read: ${where} ${why}`);
    if (!hasJust(value, "hashes", "index")) cannot("is not an object of index and hashes");
    if (!isNumberOrZero(value.index)) cannot("has an index that is no number");
    const proof = _hashes(`${where} of proofs.jsonl`, value.hashes);
    return { index: BigInt(value.index), proof };
  });
}

/** The hashes of consistency.json. */
function consistencyHashes(data) {
  const value = parseCanonical(data);
  if (!hasJust(value, "hashes")) {
    refuse("consistency.json cannot be read: it is not an object with hashes alone");
  }
  return _hashes("consistency.json", value.hashes);
}

function _hashes(where, value) {
  if (!Array.isArray(value) || value.length > _MOST_HASHES) {
    refuse(`${where} cannot be read: its hashes are no list of that many`);
  }
  const hashes = value.map((text) => (isText(text) ? fromBase64(text) : null));
  if (!hashes.every((hash) => hash?.length === 32)) {
    refuse(`${where} cannot be read: one of its hashes is not 32 bytes in base64`);
  }
  return hashes;
}
