// Keeps what is typed: a form with data-autosave-url is sent there a moment after each change.
// data-autosave-method is POST unless it says otherwise; [data-autosave-status] in the form shows how it went.
import { send } from '../shared/server.js';
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
  window.addEventListener('pageshow', (event) => event.persisted && latest?.changed());
  guardUnsaved(() => Boolean(latest?.isUnsaved));
}

/** One form's draft. Changes made while a draft is on its way are sent after it, never beside it. */
class FormDraft {
  constructor(form) {
    this.form = form;
    this.isUnsaved = false;
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
      await send(this.form.dataset.autosaveMethod ?? 'POST', this.form.dataset.autosaveUrl, { body: fieldsOf(this.form) });
      if (version === this.version) this.isUnsaved = false;
      this.show('saved', t('Draft saved at {time}', { time: clock() }));
    } catch (error) {
      this.show('failed', t('Draft could not be saved: {reason}', { reason: error.message }));
    } finally {
      this.sending = false;
      if (this.isUnsaved) this.saveAfter(version === this.version ? RETRY_MS : PAUSE_MS);
    }
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
