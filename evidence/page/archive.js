// The archive of a pack: a ZIP that has one form only, so that no bit of it is without meaning.

const MEMBERS = [
  "README.txt", "verify.html", "question.json", "answer.json", "entries.jsonl", "proofs.jsonl",
  "checkpoint.note", "statement.note", "since.note", "consistency.json", "manifest.json",
  "manifest.note",
];
const OPTIONAL = ["verify.html", "since.note", "consistency.json"];
const MAX_ARCHIVE_BYTES = 512 * 1024 * 1024;

// APPNOTE.TXT sections 4.3.7, 4.3.12 and 4.3.16; numbers are little-endian.
const _LOCAL_SIGNATURE = Uint8Array.of(0x50, 0x4b, 0x03, 0x04);
const _CENTRAL_SIGNATURE = Uint8Array.of(0x50, 0x4b, 0x01, 0x02);
const _END_SIGNATURE = Uint8Array.of(0x50, 0x4b, 0x05, 0x06);
const _LOCAL_LENGTH = 30;
const _METHOD_AT = 8;
const _SIZE_AT = 18;
const _NAME_AT = 26;
const _VERSION = 20;
const _MADE_BY = (3 << 8) | _VERSION; // Unix, so that the attributes are a file's mode
const _FIRST_DAY = (1 << 5) | 1; // 1980-01-01
const _ATTRIBUTES = 0o100644 * 65536;

const _CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function _crc32(data) {
  let rest = 0xffffffff;
  for (const byte of data) rest = _CRC_TABLE[(rest ^ byte) & 0xff] ^ (rest >>> 8);
  return ~rest >>> 0;
}

/** Numbers of two and four bytes: "2" and "4" say which are which. */
function _numbers(widths, ...values) {
  const view = new DataView(new ArrayBuffer([...widths].reduce((sum, width) => sum + +width, 0)));
  let at = 0;
  [...widths].forEach((width, which) => {
    if (width === "2") view.setUint16(at, values[which], true);
    else view.setUint32(at, values[which], true);
    at += Number(width);
  });
  return new Uint8Array(view.buffer);
}

/** What the header of a member and its line in the directory have in common. */
function _described(name, content) {
  const size = content.length;
  const how = [_VERSION, 0, 0, 0, _FIRST_DAY];
  return _numbers("22222" + "444" + "22", ...how, _crc32(content), size, size, name.length, 0);
}

function _directory(members) {
  const lines = [];
  let offset = 0;
  for (const [name, { content, described }] of members) {
    const rest = _numbers("222" + "44", 0, 0, 0, _ATTRIBUTES, offset);
    lines.push(_CENTRAL_SIGNATURE, _numbers("2", _MADE_BY), described, rest, toBytes(name));
    offset += _LOCAL_LENGTH + name.length + content.length;
  }
  const directory = joinBytes(...lines);
  const [count, length] = [members.size, directory.length];
  const end = _numbers("2222" + "44" + "2", 0, 0, count, count, length, offset, 0);
  return joinBytes(directory, _END_SIGNATURE, end);
}

/** The members of an archive by their names; refused is all that is not the one archive of them. */
function readArchive(data) {
  if (data.length > MAX_ARCHIVE_BYTES) {
    refuse("the archive is larger than 512 MiB, which is the most that a pack may be");
  }
  if (!startsWith(data, _LOCAL_SIGNATURE)) {
    refuse("the file is not a pack: it does not begin as a ZIP archive");
  }
  const members = new Map();
  let [at, last] = [0, ""];
  while (startsWith(data.subarray(at), _LOCAL_SIGNATURE)) {
    const [name, start] = _nameAt(data, at);
    if (last && MEMBERS.indexOf(name) <= MEMBERS.indexOf(last)) {
      const what = name === last ? "twice" : `behind ${last}, where it does not belong`;
      refuse(`the archive holds ${name} ${what}`);
    }
    const member = _memberAt(data, at, start, name);
    members.set(name, member);
    at = start + member.content.length;
    last = name;
  }
  if (data.length - at < 4) _cutOff("its directory");
  for (const name of MEMBERS) {
    if (!members.has(name) && !OPTIONAL.includes(name)) {
      refuse(`the archive does not hold ${name}`);
    }
  }
  _requireDirectory(data.subarray(at), _directory(members));
  return new Map(Array.from(members, ([name, { content }]) => [name, content]));
}

function _cutOff(where) {
  refuse(`the archive is cut off in ${where}; copy the file again`);
}

function _changed(where) {
  refuse(
    `the archive is not the one that its members make: it differs in ${where}; ` +
      "it was changed, or packed again by another program",
  );
}

/** A number in a header, 0 for bytes beyond the end. */
function _numberAt(data, at, length) {
  return data
    .subarray(at, at + length)
    .reduce((number, byte, place) => number + byte * 256 ** place, 0);
}

function _nameAt(data, at) {
  const nameAt = at + _LOCAL_LENGTH;
  const start = nameAt + _numberAt(data, at + _NAME_AT, 2);
  if (start > data.length) _cutOff("the header of a member");
  const bytes = data.subarray(nameAt, start);
  const name = MEMBERS.find((known) => sameBytes(toBytes(known), bytes));
  if (name === undefined) {
    const ascii = Array.from(bytes.subarray(0, 80), (byte) =>
      byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`,
    );
    refuse(`the archive holds ${quoted(ascii.join(""))}, which is no member of a pack`);
  }
  return [name, start];
}

/** What a member holds, if its header is the one that this content has. */
function _memberAt(data, at, start, name) {
  if (_numberAt(data, at + _METHOD_AT, 2)) {
    refuse(`${name} is compressed; a pack holds its members as they are`);
  }
  const size = _numberAt(data, at + _SIZE_AT, 4);
  if (start + size > data.length) _cutOff(name);
  const content = data.subarray(start, start + size);
  const described = _described(name, content);
  const header = joinBytes(_LOCAL_SIGNATURE, described, toBytes(name));
  if (!sameBytes(data.subarray(at, start), header)) _changed(name);
  return { content, described };
}

function _requireDirectory(found, expected) {
  if (sameBytes(found, expected)) return;
  if (startsWith(found, expected)) {
    refuse(`${found.length - expected.length} bytes stand behind the end of the archive`);
  }
  if (startsWith(expected, found)) _cutOff("its directory");
  _changed("its directory");
}
