// htmx with the page's CSRF token, an honest word when a request fails, and news for screen readers.
import htmx from 'htmx.org/dist/htmx.esm.js';
import { announce } from '../shared/announce.js';
import { csrfToken } from '../shared/server.js';
import { t } from '../shared/texts.js';

export function startHtmx() {
  document.addEventListener('htmx:config:request', ({ detail }) => {
    detail.ctx.request.headers['X-CSRFToken'] = csrfToken();
  });
  document.addEventListener('htmx:before:request', (event) => {
    // What refreshes itself rests while nobody looks.
    if (document.hidden && 'X-Background' in event.detail.ctx.request.headers) event.preventDefault();
  });
  document.addEventListener('htmx:response:error', (event) => {
    const status = event.detail.ctx.response?.raw?.status ?? event.detail.ctx.response?.status;
    if (status < 500) return; // such an answer is a page part that says what is wrong
    event.preventDefault();
    tellFailure(t('ssflow answered with error {status}.', { status }));
  });
  document.addEventListener('htmx:error', () => {
    tellFailure(t('ssflow cannot be reached. Check the connection and try again.'));
  });
  document.addEventListener('htmx:after:swap', () => {
    const news = document.querySelector('[data-announce]');
    if (!news) return;
    announce(news.dataset.announce);
    delete news.dataset.announce;
  });
  return htmx;
}

export function tellFailure(text) {
  const box = document.getElementById('failure') ?? createBox();
  box.textContent = text;
  box.hidden = false;
}

/** Take back what was told: the same has succeeded since. */
export function forgetFailure() {
  const box = document.getElementById('failure');
  if (box) box.hidden = true;
}

function createBox() {
  const box = document.createElement('div');
  box.id = 'failure';
  box.className = 'alert alert-danger failure';
  box.setAttribute('role', 'alert');
  document.body.append(box);
  return box;
}
