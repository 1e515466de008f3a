// Keeps what is typed: a form with data-autosave-url is sent there a moment after each change.
// data-autosave-method is POST unless it says otherwise; [data-autosave-status] in the form shows how it went.
import { renewToken, send } from '../shared/server.js';
import { t } from '../shared/texts.js';
import { guardUnsaved } from '../shared/unsaved.js';

const PAUSE_MS = 1200;
const RETRY_MS = 15000;

export function startAutosave() {
  const drafts = new WeakMap();
  let latest;
  const draftOf = (form) => {
    if (!drafts.has(form)) drafts.set(form, new FormDraft(form));
    latest = drafts.get(form);
    return latest;
  };
  const onChange = ({ target }) => {
    const form = target.form ?? target.closest?.('form');
    if (form?.dataset.autosaveUrl) draftOf(form).changed();
  };
  document.addEventListener('input', onChange);
  document.addEventListener('change', onChange);
  document.addEventListener('submit', (event) => {
    if (!event.defaultPrevented && drafts.has(event.target)) drafts.get(event.target).handedIn();
  });
  document.addEventListener('submit', (event) => {
    if (event.defaultPrevented || !drafts.get(event.target)?.isSignedOut) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    drafts.get(event.target).handInLater(event.submitter);
  }, { capture: true });
  window.addEventListener('focus', () => latest?.isUnsaved && latest.save());
  window.addEventListener('pageshow', (event) => event.persisted && latest?.changed());
  guardUnsaved(() => Boolean(latest?.isUnsaved));
}

/** One form's draft. Changes made while a draft is on its way are sent after it, never beside it. */
class FormDraft {
  constructor(form) {
    this.form = form;
    this.isUnsaved = false;
    this.isSignedOut = false;
    this.sending = false;
  }

  changed() {
    this.isUnsaved = true;
    this.version = (this.version ?? 0) + 1;
    this.saveAfter(PAUSE_MS);
  }

  handedIn() {
    clearTimeout(this.timer);
    this.isUnsaved = false;
  }

  saveAfter(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), pause);
  }

  async save() {
    if (this.sending || !this.form.isConnected) return;
    this.sending = true;
    const { version } = this;
    try {
      await this.send();
      this.isSignedOut = false;
      if (version === this.version) this.isUnsaved = false;
      this.show('saved', t('Draft saved at {time}', { time: clock() }));
    } catch (error) {
      this.isSignedOut = error.status === 401;
      this.show('failed', t('Draft could not be saved: {reason}', { reason: error.message }));
    } finally {
      this.sending = false;
      if (this.isUnsaved) this.saveAfter(version === this.version ? RETRY_MS : PAUSE_MS);
    }
  }

  /** Send the draft; whoever signed in again meanwhile needs the token of the new session. */
  async send() {
    const sendNow = () =>
      send(this.form.dataset.autosaveMethod ?? 'POST', this.form.dataset.autosaveUrl, { body: fieldsOf(this.form) });
    try {
      await sendNow();
    } catch (error) {
      if (error.status !== 400 || !(await renewToken())) throw error;
      await sendNow();
    }
  }

  /** Hand the form in if one has signed in again; else it would be lost at the door. */
  async handInLater(submitter) {
    await this.save();
    if (!this.isSignedOut) this.form.requestSubmit(submitter);
  }

  show(state, text) {
    const status = this.form.querySelector('[data-autosave-status]') ?? this.createStatus();
    status.dataset.state = state;
    if (status.textContent !== text) status.textContent = text;
  }

  createStatus() {
    const status = document.createElement('p');
    status.className = 'autosave-status';
    status.dataset.autosaveStatus = '';
    status.setAttribute('role', 'status');
    this.form.append(status);
    return status;
  }
}

/** What is typed, without files: those travel when the form is handed in. */
function fieldsOf(form) {
  const fields = new FormData(form);
  return new URLSearchParams([...fields].filter(([, value]) => typeof value === 'string'));
}

const clock = () => new Date().toLocaleTimeString(document.documentElement.lang || 'en', { hour: '2-digit', minute: '2-digit' });
