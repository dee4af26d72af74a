// The page: takes the files, runs the checks, says what came of them.

const _byId = (id) => document.getElementById(id);
const _VERDICTS = {
  verified: [
    "Verified",
    "The answer follows from what the ledger recorded. That is not to say that what was recorded " +
      "is true.",
  ],
  unsigned: [
    "Consistent in itself, signer not known",
    "Give the ledger's keys to know who signed it. Without them anybody could have made this pack.",
  ],
};

const _ADVICE =
  "Do not rely on this pack. Keep the file as it came, and ask the ledger's owner for a new one.";

let _pack = null; // the file that is checked
let _run = 0; // only the newest check may speak

/** The bytes of a file, and one too many where it is larger than allowed. */
async function _bytesOf(file, most) {
  try {
    return new Uint8Array(await file.slice(0, most + 1).arrayBuffer());
  } catch {
    throw new Unreadable(`${file.name} cannot be read; choose it again`);
  }
}

/** A file or a text that the reader gave is not what it should be; the pack is not judged. */
class Unreadable extends Error {}

async function _givenKeys() {
  const text = _byId("keys").value;
  if (text === "") return null;
  try {
    return await readKeys(text);
  } catch (error) {
    if (!(error instanceof NotVerified)) throw error;
    throw new Unreadable(`the keys cannot be read: ${error.message}`);
  }
}

/** The content of a file of keys goes where keys are pasted, so that there is one place to look. */
async function _takeKeys() {
  const [file] = _byId("keys-file").files;
  if (!file) return;
  const mine = _clear();
  const text = await _bytesOf(file, MAX_NOTE_BYTES).then(toText, () => null);
  if (mine !== _run) return;
  _byId("keys").value = text ?? "";
  if (text === null || !text.trim()) {
    _say("unreadable", ["The keys cannot be read", `${file.name} is not a file of keys`]);
    return;
  }
  await _check();
}

/** Take away what was said of other files, and outrun a check that still goes on. */
function _clear() {
  _run += 1;
  const result = _byId("result");
  delete result.dataset.verdict;
  _byId("verdict").replaceChildren();
  _byId("report").replaceChildren();
  return _run;
}

function _say(verdict, [title, why], parts = []) {
  _byId("verdict").replaceChildren(make("h2", {}, title), make("p", {}, foreign(why)));
  _byId("report").replaceChildren(...parts);
  _byId("result").dataset.verdict = verdict;
}

async function _check() {
  const mine = _clear();
  if (!_pack) return;
  _byId("pack-name").replaceChildren(foreign(_pack.name));
  _byId("verdict").replaceChildren(make("p", {}, "Checking ..."));
  const said = await _judged(_pack).catch(_refused);
  if (mine === _run) _say(...said);
}

async function _judged(file) {
  const keys = await _givenKeys();
  const [older] = _byId("since").files;
  const held = older ? await _bytesOf(older, MAX_NOTE_BYTES) : null;
  const verified = await verifyPack(await _bytesOf(file, MAX_ARCHIVE_BYTES), keys, held);
  const verdict = keys === null ? "unsigned" : "verified";
  return [verdict, _VERDICTS[verdict], report(verified)];
}

function _refused(error) {
  if (error instanceof NotVerified) {
    return ["refused", ["Not verified", error.message], [make("p", {}, _ADVICE)]];
  }
  if (error instanceof Unreadable) return ["unreadable", ["Not checked", error.message]];
  return ["refused", ["Not verified", `by an error that was not foreseen: ${error}`]];
}

function _takePack(files) {
  if (!files.length) return;
  [_pack] = files;
  _check();
}

function _onDrop(event) {
  event.preventDefault();
  document.body.classList.remove("dropping");
  _byId("pack").value = "";
  _takePack(event.dataTransfer.files);
}

function _start() {
  _byId("pack").addEventListener("change", () => _takePack(_byId("pack").files));
  _byId("keys-file").addEventListener("change", _takeKeys);
  _byId("keys").addEventListener("input", _check);
  _byId("since").addEventListener("change", _check);
  _byId("form").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  document.addEventListener("drop", _onDrop);
  _byId("form").hidden = false;
}

_start();
