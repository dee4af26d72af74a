// The questions that an answer can be derived for, with both clocks resolved.

const _OF_ASSETS = ["who", "owner", "line", "asset-timeline"];
const _OF_PARTNERS = ["what", "line", "offboard", "partner-timeline"];
const _OF_PERIODS = ["who", "what", "line"];

const _QUESTION = fields(
  {
    kind: oneOf(..._OF_ASSETS, ..._OF_PARTNERS, "matrix"),
    book: isPortfolio,
    at: isInstant,
    known_at: isNumberOrZero,
  },
  {
    asset: isAssetKey,
    partner: isPortfolio,
    during: hasForm(fields({ from: isInstant, to: isInstant })),
  },
);

/** The question that a value of JSON states; refused is any other value. */
function readQuestion(value) {
  const wrong = wrongWith(_QUESTION, value, "the question");
  if (wrong) refuse(wrong);
  const { kind, book, at, known_at: knownAt, asset, partner, during } = value;
  _requireNamed(kind, "an asset", asset, _OF_ASSETS.includes(kind));
  _requireNamed(kind, "a partner", partner, _OF_PARTNERS.includes(kind));
  const moment = microseconds(at);
  if (during !== undefined) {
    _requireNamed(kind, "a period", during, _OF_PERIODS.includes(kind));
    if (during.from >= during.to) refuse("the period of the question ends before it begins");
    if (moment !== microseconds(during.to) - 1n) {
      refuse("of a period, `at` is the last microsecond before its end");
    }
  }
  return {
    kind, book, at, knownAt, moment, partner,
    asset: asset && `${asset.type}:${asset.id}`,
    during: during ?? null,
    // The half-open stretch of time that is asked about.
    since: during === undefined ? moment : microseconds(during.from),
    until: moment + 1n,
  };
}

function _requireNamed(kind, what, found, wanted) {
  if ((found !== undefined) !== wanted) {
    refuse(`a question of the kind ${kind} ${wanted ? "names" : "does not name"} ${what}`);
  }
}
