// <time datetime="…" data-relative> reads "in 3 days"; its full text becomes the tooltip.
import { language } from '../shared/texts.js';

const STEPS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
const REFRESH_MS = 30_000;

/** The distance from `now` to `moment` in words, for example "2 days ago". */
export function relativeTime(moment, now, locale) {
  const seconds = (moment - now) / 1000;
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit);
  }
  return words.format(0, 'minute');
}

export function startTimes() {
  showTimes();
  setInterval(showTimes, REFRESH_MS);
  document.addEventListener('htmx:after:swap', showTimes);
}

function showTimes() {
  for (const element of document.querySelectorAll('time[data-relative]')) {
    const moment = Date.parse(element.dateTime);
    if (Number.isNaN(moment)) continue;
    element.title ||= element.textContent.trim();
    const text = relativeTime(moment, Date.now(), language());
    if (element.textContent !== text) element.textContent = text;
  }
}
