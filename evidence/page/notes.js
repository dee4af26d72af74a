// Signed notes (C2SP signed-note) and checkpoints (C2SP tlog-checkpoint).
// Of the signature types only Ed25519 (0x01) is known; lines by unknown keys are passed over.

const MAX_NOTE_BYTES = 1_000_000;
const _MAX_SIGNATURES = 100;
const _SIGNATURE_START = "\u2014 "; // an em dash and a space
const _KEY_ID_BYTES = 4;
const _SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const _NOT_IN_A_NAME = new RegExp(`[${_SPACE}+\\x00-\\x1f]`);
const _LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;
const _AROUND = new RegExp(`^[${_SPACE}]+|[${_SPACE}]+$`, "g");

function _isKeyName(name) {
  return name !== "" && !isTorn(name) && !_NOT_IN_A_NAME.test(name);
}

async function _keyId(name, publicKey) {
  const hash = await sha256(toBytes(`${name}\n`), Uint8Array.of(0x01), publicKey);
  return toHex(hash.subarray(0, _KEY_ID_BYTES));
}

/** The key in the text of a verifier key, NAME+ID+BASE64. */
async function _parseKey(text) {
  const [name, rest] = partition(text, "+");
  const [id, encoded] = partition(rest ?? "", "+");
  if (encoded === null || !_isKeyName(name) || !/^[0-9a-f]{8}$/.test(id)) {
    refuse("the verifier key is not of the form name+id+base64");
  }
  const content = fromBase64(encoded);
  if (content === null) refuse(`the verifier key of ${name} does not end in base64`);
  if (content[0] !== 0x01) {
    refuse(`the verifier key of ${name} is not of the type Ed25519 (0x01)`);
  }
  const publicKey = content.subarray(1);
  if (publicKey.length !== 32) refuse(`the public key of ${name} does not hold 32 bytes`);
  const found = await _keyId(name, publicKey);
  if (found !== id) {
    refuse(`the verifier key of ${name} has the id ${id}, and its name and bytes give ${found}`);
  }
  return { name, id, publicKey };
}

/** The keys of a text, one a line; blank lines and lines with # before are none. */
async function readKeys(text) {
  const keys = [];
  // Some editors put a byte order mark before what they save.
  for (const [at, line] of text.replace(/^\ufeff/, "").split(_LINE_END).entries()) {
    const words = line.replace(_AROUND, "");
    if (words === "" || words.startsWith("#")) continue;
    try {
      keys.push(await _parseKey(words));
    } catch (error) {
      if (!(error instanceof NotVerified)) throw error;
      refuse(`line ${at + 1} of the keys: ${error.message}`);
    }
  }
  if (!keys.length) refuse("there is no key among the keys");
  return keys;
}

/** A note's text, and the names and contents of its signature lines. No signature is checked. */
function readNote(note) {
  if (note.length > MAX_NOTE_BYTES) {
    refuse(`the note has ${note.length} bytes, more than ${MAX_NOTE_BYTES}`);
  }
  const whole = toText(note);
  if (whole === null) refuse("the note is not UTF-8");
  if (/[\x00-\x09\x0b-\x1f]/.test(whole)) {
    refuse("the note holds a control character other than a newline");
  }
  // The text itself may hold blank lines: the last one is the border.
  const border = whole.lastIndexOf("\n\n");
  const below = whole.slice(border + 2);
  if (border < 0 || below === "") refuse("the note has no signatures below a blank line");
  if (!below.endsWith("\n")) {
    refuse("the last signature line of the note does not end in a newline");
  }
  const lines = below.slice(0, -1).split("\n");
  if (lines.length > _MAX_SIGNATURES) {
    refuse(`the note has ${lines.length} signatures, more than ${_MAX_SIGNATURES}`);
  }
  return { text: whole.slice(0, border + 1), signatures: lines.map(_signature) };
}

function _signature(line) {
  const begins = line.startsWith(_SIGNATURE_START);
  const [name, encoded] = partition(begins ? line.slice(_SIGNATURE_START.length) : line, " ");
  if (!begins || encoded === null || !_isKeyName(name)) {
    refuse(`${quoted(line)} is not a signature line: a dash, a name and base64`);
  }
  const content = fromBase64(encoded);
  if (content === null || content.length <= _KEY_ID_BYTES) {
    refuse(`the signature of ${name} is not base64 of a key id and a signature`);
  }
  return { name, id: toHex(content.subarray(0, _KEY_ID_BYTES)), bytes: content.subarray(4) };
}

/** Those of the keys of one name that signed a note; one bad signature refuses it. */
async function keysThatSigned(note, keys, member) {
  const known = new Map();
  for (const key of keys) {
    const before = known.get(key.id) ?? key;
    if (!sameBytes(before.publicKey, key.publicKey)) {
      refuse(`two of the known keys are ${key.name} with the id ${key.id}`);
    }
    known.set(key.id, before);
  }
  const [{ name }] = keys;
  const signed = toBytes(note.text);
  const found = new Set();
  for (const signature of note.signatures) {
    const key = signature.name === name ? known.get(signature.id) : undefined;
    if (key === undefined) continue;
    if (!(await isSignedBy(key.publicKey, signature.bytes, signed))) {
      refuse(`the signature of ${name} on ${member} does not fit the text and its known key`);
    }
    found.add(key);
  }
  return [...found];
}

function requireHash(what, bytes) {
  if (bytes.length !== 32) {
    refuse(`${what} is ${bytes.length} bytes long; a SHA-256 hash has 32`);
  }
}

/** The checkpoint that the text of a note states. */
function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.pop() || lines.length < 3) {
    refuse("a checkpoint is an origin, a size and a root hash, each on a line of its own");
  }
  const [origin, sizeText, rootText, ...extensions] = lines;
  const size = parseDecimal(sizeText);
  if (size === null) refuse(`${quoted(sizeText)} is not the size of a tree`);
  const root = fromBase64(rootText);
  if (root === null) refuse(`${quoted(rootText)} is not a root hash in base64`);
  for (const line of [origin, ...extensions]) {
    if (line === "") refuse(`${quoted(line)} cannot be a line of a checkpoint`);
  }
  requireHash("the root of the checkpoint", root);
  return { origin, size, root };
}
