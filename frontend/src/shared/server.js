// Talking to ssflow: same origin, with the page's CSRF token.
import { t } from './texts.js';

export const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? '';

/** The server's answer was not a success. `status` 0: there was no answer at all. */
export class ServerError extends Error {
  constructor(status, message, body = {}) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** Send a request and give the answer, or throw a ServerError. `json` becomes the body. */
export async function send(method, url, { json, body, headers = {} } = {}) {
  const response = await reach(url, {
    method,
    credentials: 'same-origin',
    headers: {
      Accept: 'application/json, text/plain, */*',
      'X-CSRFToken': csrfToken(),
      ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    body: json === undefined ? body : JSON.stringify(json),
  });
  if (isLogin(response)) {
    throw new ServerError(401, signedOut());
  }
  if (!response.ok) throw await asError(response);
  return response;
}

export const signedOut = () => t('You are signed out. Sign in again in another tab, then try again.');

/** Take the token of the session that is there now, for somebody who signed in again elsewhere. */
export async function renewToken() {
  const response = await fetch(window.location.href, { credentials: 'same-origin' });
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const token = page.querySelector('meta[name="csrf-token"]')?.content;
  if (isLogin(response)) throw new ServerError(401, signedOut());
  if (!token || token === csrfToken()) return false;
  document.querySelector('meta[name="csrf-token"]').content = token;
  for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = token;
  return true;
}

export const getText = async (url, options) => (await send('GET', url, options)).text();
export const getJson = async (url, options) => (await send('GET', url, options)).json();
export const sendJson = async (method, url, json) => (await send(method, url, { json })).json();

const isLogin = (response) => response.redirected && new URL(response.url).pathname.startsWith('/login');

async function reach(url, options) {
  try {
    return await fetch(url, options);
  } catch {
    throw new ServerError(0, t('ssflow cannot be reached. Check the connection and try again.'));
  }
}

async function asError(response) {
  const body = await response.json().catch(() => ({}));
  const message = body.message ?? body.detail ?? body.title ?? t('ssflow answered with error {status}.', { status: response.status });
  return new ServerError(response.status, message, body);
}
