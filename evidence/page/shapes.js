// What values of JSON must look like: small tests, and the first thing wrong with an object.

const _META_TYPES = new Set([
  "page", "ad_account", "dataset", "catalog", "instagram_account", "whatsapp_account",
  "offline_event_set", "app",
]);
const _MOST_TASKS = 100;

/** Texts of which the whole has this form. */
function matches(pattern) {
  const form = new RegExp(`^(?:${pattern})$`, "u");
  return (value) => typeof value === "string" && form.test(value);
}

function oneOf(...words) {
  return (value) => words.includes(value);
}

const isText = (value) => typeof value === "string";
const isInstant = (value) => microseconds(value) !== null;
const isNumber = (value) => Number.isSafeInteger(value) && value >= 1;
const isNumberOrZero = (value) => Number.isSafeInteger(value) && value >= 0;

// A tab and a line break may stand in prose; NUL and the other controls may not.
const _PLAIN = "[^\\x00-\\x08\\x0b-\\x1f\\x7f]";
const isPortfolio = matches("[0-9]{5,20}");
const isLabel = matches(`${_PLAIN}{1,500}`);
const isProse = matches(`${_PLAIN}{1,2000}`);
const isEventId = matches("[!-~]{1,205}");
const isDay = matches("[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])");
const _isAssetType = matches("[A-Za-z][A-Za-z0-9_.\\-]{0,63}");
const _isAssetId = matches("[!-.0-~]{1,200}");
const _isMetaId = matches("[0-9]{5,20}");
const _isTask = matches("[!-~]{1,100}");

/** Whether these are an asset's type and id; Meta's own have numbers for ids. */
function isAsset(type, id) {
  if (!_isAssetType(type) || !_isAssetId(id)) return false;
  return !_META_TYPES.has(type) || _isMetaId(id);
}

/** Tasks in order, each of them once. */
function isTasks(value) {
  if (!Array.isArray(value) || value.length > _MOST_TASKS || !value.every(_isTask)) return false;
  return value.every((task, at) => at === 0 || value[at - 1] < task);
}

/** The fields that an object must have, and those that it may have. */
function fields(required, optional = {}) {
  return { required, optional };
}

/** The first thing that is wrong with a value, as a sentence; null if nothing is. */
function wrongWith({ required, optional }, value, what) {
  if (!isObject(value)) return `${what} is not a JSON object`;
  const missing = Object.keys(required).find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return `${what} has no field ${quoted(missing)}`;
  for (const name of Object.keys(value).sort()) {
    const shapes = [required, optional].find((known) => Object.hasOwn(known, name));
    if (!shapes) return `${what} has a field ${shown(name)} that it cannot have`;
    if (!shapes[name](value[name])) {
      return `the field ${quoted(name)} of ${what} does not hold what it must`;
    }
  }
  return null;
}

/** The same as a shape, for an object within another. */
function hasForm(form) {
  return (value) => wrongWith(form, value, "it") === null;
}

function _isAssetWith(optional) {
  const hasFields = hasForm(fields({ type: isText, id: isText }, optional));
  return (value) => hasFields(value) && isAsset(value.type, value.id);
}

const isAssetKey = _isAssetWith({});
const isNamedAsset = _isAssetWith({ name: isLabel });
