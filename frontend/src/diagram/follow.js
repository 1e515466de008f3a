// A diagram of a running case follows it: what others do shows without a reload, on the whole page.
import { announce } from '../shared/announce.js';
import { getJson, getText } from '../shared/server.js';
import { t } from '../shared/texts.js';

const PAUSE_MS = 5000;

/** Ask for news while somebody looks; `draw` gets each new trace. The page's [data-live] parts follow. */
export function followCase(element, trace, draw) {
  let known = JSON.stringify(trace);
  let isRunning = true;
  const look = async () => {
    if (document.hidden) return;
    const news = await getJson(element.dataset.traceUrl, { headers: { 'X-Background': 'case' } });
    const told = JSON.stringify(news);
    if (told === known) return;
    isRunning = await renewPage();
    known = told;
    draw(news);
    announce(t('The case has moved on.'));
  };
  const goOn = async () => {
    await look().catch(() => {}); // no connection, signed out: the next time may do
    if (isRunning && element.isConnected) setTimeout(goOn, PAUSE_MS);
  };
  setTimeout(goOn, PAUSE_MS);
  document.addEventListener('visibilitychange', () => isRunning && look().catch(() => {}));
}

/** Take over the parts of the page that tell how the case stands; false once it has ended. */
async function renewPage() {
  const text = await getText(location.href, { headers: { 'X-Background': 'case' } });
  const page = new DOMParser().parseFromString(text, 'text/html');
  document.title = page.title;
  for (const part of document.querySelectorAll('[data-live]')) {
    const fresh = page.getElementById(part.id);
    if (fresh && !part.contains(document.activeElement)) part.replaceWith(document.adoptNode(fresh));
  }
  return Boolean(page.querySelector('[data-follow]'));
}
