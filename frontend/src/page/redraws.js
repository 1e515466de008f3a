// Fields that the server draws again: nothing moves under a hand that presses, and what the reader
// looks at stays where it is on the screen.
import { renewToken, signedOut } from '../shared/server.js';
import { t } from '../shared/texts.js';
import { forgetFailure, tellFailure } from './htmx.js';

const LONGEST_PRESS_MS = 1000; // some presses never end: that of a list which the browser opens itself

let released = Promise.resolve();
let release = () => {};

export function startRedraws() {
  document.addEventListener('pointerdown', press, { capture: true });
  for (const end of ['pointerup', 'pointercancel']) {
    // The click that belongs to the press comes right after it.
    document.addEventListener(end, () => setTimeout(release), { capture: true });
  }
  document.addEventListener('htmx:before:request', ({ target, detail }) => {
    if (target.closest?.('#fields')) waitWithTheAnswer(detail.ctx);
  });
  document.addEventListener('htmx:before:swap', ({ target, detail }) => {
    if (target.closest?.('#fields')) detail.ctx.stay = holdInPlace(target.closest('#fields'));
  });
  document.addEventListener('htmx:after:swap', ({ detail }) => detail.ctx.stay?.());
}

function press() {
  release();
  released = new Promise((resolve) => {
    release = resolve;
    setTimeout(resolve, LONGEST_PRESS_MS);
  });
}

function waitWithTheAnswer(ctx) {
  const { fetch } = ctx;
  ctx.fetch = async (...asked) => {
    const response = await fetch(...asked);
    if (!response.ok) leaveAsIs(response.status);
    forgetFailure();
    await released;
    return response;
  };
}

/** Keep the fields with what is typed in them: an answer that says what is wrong holds none. */
function leaveAsIs(status) {
  tellFailure(status === 401 ? signedOut() : t('ssflow answered with error {status}.', { status }));
  if (status === 400) renewToken().catch((error) => tellFailure(error.message)); // of a new session
  throw new DOMException('The fields stay as they are.', 'AbortError'); // htmx leaves it at that
}

/** Remember where something stands on the screen; gives what brings it back there. */
function holdInPlace(fields) {
  const element = looked(fields);
  if (!element) return undefined;
  const { id } = element;
  const { top } = element.getBoundingClientRect();
  return () => {
    const found = element.isConnected ? element : document.getElementById(id);
    if (found) window.scrollBy({ top: found.getBoundingClientRect().top - top, behavior: 'instant' });
  };
}

/** What the reader is busy with, or what stands in the middle of the screen. */
function looked(fields) {
  const focused = document.activeElement;
  if (focused.id && fields.contains(focused) && isOnScreen(focused)) return focused;
  const middle = document.elementFromPoint(window.innerWidth / 2, window.innerHeight / 2)?.closest('[id]');
  return middle && middle !== fields && fields.contains(middle) ? middle : null;
}

function isOnScreen(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}
