// Canonical JSON (RFC 8785): the one text of a value, read so that no other text passes for it.

const MAX_DEPTH = 64;

/** The value of a canonical JSON text; refused are all other bytes. */
function parseCanonical(data) {
  const text = toText(data);
  if (text === null) refuse("the text is not UTF-8");
  _requireShallow(text);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    refuse("the text is not JSON");
  }
  // A key that is named twice, a space, a number written otherwise: all of it ends here.
  const again = writeCanonical(value);
  if (!sameBytes(again, data)) {
    const at = firstDifference(data, again);
    refuse(`the text is not the canonical one of its value, from byte ${at} on`);
  }
  return value;
}

function _requireShallow(text) {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (inString) {
      if (char === "\\") at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') {
      inString = true;
    } else if (char === "[" || char === "{") {
      depth += 1;
      if (depth > MAX_DEPTH) refuse(`the text nests deeper than ${MAX_DEPTH} levels`);
    } else if (char === "]" || char === "}") {
      depth -= 1;
    }
  }
}

/** The canonical text of a value, in UTF-8. */
function writeCanonical(value) {
  const text = _written(value);
  if (isTorn(text)) refuse("a string holds half of a surrogate pair, which is no text");
  return toBytes(text);
}

function _written(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) refuse(`${value} is not a number of JSON`);
    return String(value); // RFC 8785 section 3.2.2.3: as ECMAScript prints it
  }
  if (typeof value === "string") {
    // JSON.stringify would hide a torn pair behind an escape.
    if (isTorn(value)) refuse("a string holds half of a surrogate pair, which is no text");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(_written).join(",")}]`;
  // Without a function, sort() compares UTF-16 code units (section 3.2.3).
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${_written(key)}:${_written(value[key])}`).join(",")}}`;
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether an object has just these fields. */
function hasJust(value, ...names) {
  return isObject(value) && compare(Object.keys(value).sort(), names.sort()) === 0;
}
