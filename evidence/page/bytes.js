// Bytes and texts, and how texts of formats are shown in sentences.

/** Why a pack is not to be trusted. Its message is the sentence that the page shows. */
class NotVerified extends Error {}

function refuse(why) {
  throw new NotVerified(why);
}

const MAX_EXACT = Number.MAX_SAFE_INTEGER;
const MAX_SIZE = 2n ** 63n - 1n;

const _encoder = new TextEncoder();

function toBytes(text) {
  return _encoder.encode(text);
}

/** The text of UTF-8 bytes, or null. A byte order mark is a character like any other. */
function toText(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Whether a text holds half of a surrogate pair, which UTF-8 cannot write. */
function isTorn(text) {
  return /\p{Surrogate}/u.test(text);
}

/** Where two runs of bytes differ first: the shorter length if one begins with the other. */
function firstDifference(one, other) {
  const shorter = Math.min(one.length, other.length);
  for (let at = 0; at < shorter; at += 1) {
    if (one[at] !== other[at]) return at;
  }
  return shorter;
}

function sameBytes(one, other) {
  return one.length === other.length && firstDifference(one, other) === one.length;
}

function startsWith(bytes, start) {
  return bytes.length >= start.length && sameBytes(bytes.subarray(0, start.length), start);
}

function joinBytes(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

/** The bytes of a standard base64 text; null if it is not how they would be written. */
function fromBase64(text) {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4) return null;
  let binary;
  try {
    binary = atob(text);
  } catch {
    return null;
  }
  return btoa(binary) === text ? Uint8Array.from(binary, (char) => char.charCodeAt(0)) : null;
}

/** A whole number as the formats write it, up to 2^63 - 1, as a BigInt; null for anything else. */
function parseDecimal(text) {
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(text)) return null;
  const number = BigInt(text);
  return number <= MAX_SIZE ? number : null;
}

/** A text up to a mark, and what is behind it; the second is null where there is no mark. */
function partition(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** What is not seen as a character: all that is neither drawn nor a plain space. */
const UNSEEN = /(?! )[\p{C}\p{Z}]/gu;

function escapedChar(char) {
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[char];
  if (short) return short;
  const code = char.codePointAt(0).toString(16);
  if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
  return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`;
}

/** A text in quotes, for a sentence. */
function quoted(text) {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inside = text.replaceAll("\\", "\\\\").replaceAll(mark, `\\${mark}`);
  return mark + inside.replace(UNSEEN, escapedChar) + mark;
}

const _MOST_SHOWN = 60;

/** A name for a sentence, shortened. */
function shown(name) {
  const text = typeof name === "string" ? quoted(name) : `of the type ${typeOf(name)}`;
  const letters = Array.from(text);
  return letters.length <= _MOST_SHOWN ? text : `${letters.slice(0, _MOST_SHOWN).join("")}...`;
}

/** What kind of value of JSON it is, in the words of the other verifier. */
function typeOf(value) {
  if (value === null || value === undefined) return "NoneType";
  if (Array.isArray(value)) return "list";
  if (typeof value === "number") return Number.isSafeInteger(value) ? "int" : "float";
  return { string: "str", boolean: "bool" }[typeof value] ?? "dict";
}

/** How two keys compare: numbers, texts by UTF-16 code units, and lists of them. */
function compare(one, other) {
  if (Array.isArray(one)) {
    for (let at = 0; at < Math.min(one.length, other.length); at += 1) {
      const found = compare(one[at], other[at]);
      if (found) return found;
    }
    return one.length - other.length;
  }
  return one < other ? -1 : Number(one > other);
}

/** Values in the order of a key of each. Equal ones stay as they are. */
function sortedBy(values, key) {
  return Array.from(values, (value) => [key(value), value])
    .sort(([one], [other]) => compare(one, other))
    .map(([, value]) => value);
}

function sorted(values) {
  return sortedBy(values, (value) => value);
}
