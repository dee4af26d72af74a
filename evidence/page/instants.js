// Moments in microseconds since 1970, as BigInt: a year far off is exact too. The calendar is the
// proleptic Gregorian one, without leap seconds.

const FAR = 2n ** 62n; // later than every moment: the end of what has not ended
const SECOND = 1_000_000n;
const DAY = 86_400n * SECOND;

const _MOMENT =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{6})Z$/;
const _MIDNIGHT = "T00:00:00.000000Z";
const _DAYS_TO_1970 = 719_162;

function _lengthOf(year, month) {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}

/** Days from 0001-01-01 to the first day of a year. */
function _daysBefore(year) {
  const past = year - 1;
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
}

/** Days since 1970-01-01. */
function _days(year, month, day) {
  let days = _daysBefore(year) + day - 1 - _DAYS_TO_1970;
  for (let earlier = 1; earlier < month; earlier += 1) days += _lengthOf(year, earlier);
  return days;
}

/** A moment in the canonical form in microseconds; null for anything else. */
function microseconds(text) {
  const found = typeof text === "string" ? _MOMENT.exec(text) : null;
  if (!found) return null;
  const [year, month, day, hour, minute, second, fraction] = found.slice(1).map(Number);
  if (!year || month < 1 || month > 12 || day < 1 || day > _lengthOf(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  const seconds = (hour * 60 + minute) * 60 + second;
  return BigInt(_days(year, month, day)) * DAY + BigInt(seconds) * SECOND + BigInt(fraction);
}

/** The canonical form of a moment: YYYY-MM-DDTHH:MM:SS.ffffffZ. */
function instant(moment) {
  const rest = ((moment % DAY) + DAY) % DAY;
  const days = Number((moment - rest) / DAY);
  const seconds = Number(rest / SECOND);
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const written = time.map((number) => String(number).padStart(2, "0")).join(":");
  return `${_date(days)}T${written}.${String(rest % SECOND).padStart(6, "0")}Z`;
}

/** The date that many days after 1970-01-01. */
function _date(days) {
  let left = days + _DAYS_TO_1970;
  let year = Math.floor(left / 366) + 1; // never too late
  while (_daysBefore(year + 1) <= left) {
    year += Math.max(1, Math.floor((left - _daysBefore(year + 1)) / 366));
  }
  left -= _daysBefore(year);
  let month = 1;
  while (left >= _lengthOf(year, month)) {
    left -= _lengthOf(year, month);
    month += 1;
  }
  const pad = (number, width) => String(number).padStart(width, "0");
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(left + 1, 2)}`;
}

/** When a promised day ends in UTC; one that its month lacks ends with the month. */
function endOfDay(day) {
  const [year, month, number] = day.split("-").map(Number);
  return BigInt(_days(year, month, Math.min(number, _lengthOf(year, month))) + 1) * DAY;
}

/** A stretch of time in days, to six places. */
function inDays(stretch) {
  const size = stretch < 0n ? -stretch : stretch;
  // The nearest number to the quotient: many more bits than it has, and one for what is left over.
  const [whole, rest] = [(size << 128n) / DAY, (size << 128n) % DAY];
  const days = Number(whole | (rest ? 1n : 0n)) / 2 ** 128;
  const rounded = _toSixPlaces(days);
  return stretch < 0n ? -rounded : rounded;
}

/** To the nearest, and to the even one of two: only odd multiples of 1/128 lie between two. */
function _toSixPlaces(number) {
  if (Math.abs((number * 128) % 2) !== 1) return Number(number.toFixed(6));
  const below = Math.floor(number * 1e6);
  return (below % 2 ? below + 1 : below) / 1e6;
}
