// What the three editors share: save the draft, check, publish, import, export, and the list of problems.
//
// <div data-editor data-source-url="" data-draft-url="" data-check-url="" data-publish-url=""
//      data-catalog-url="" data-revision="3" data-name="spm_service_change.bpmn"></div>
//
// An editor is {read() → text, load(text), undo(), redo(), show(problem) → boolean, exports, accept}, perhaps with
// mark(problems) and tools (more elements for the bar); it calls `changed()` of its bar whenever something
// in it changed.
import { announce } from './announce.js';
import { el } from './elements.js';
import { send, sendJson, ServerError } from './server.js';
import { t } from './texts.js';
import { guardUnsaved } from './unsaved.js';

const CONFLICT = 409;
const REFUSED = 422;

export class EditorBar {
  constructor(host, editor) {
    this.urls = host.dataset;
    this.editor = editor;
    this.name = host.dataset.name ?? 'draft';
    this.discardButton = button(t('Discard draft …'), () => this.askDiscard());
    this.revision = Number(host.dataset.revision ?? 0);
    this.base = host.dataset.base;
    this.isChanged = false;
    this.status = el('p', { className: 'editor-status', aria: { role: 'status' } });
    this.alert = el('div', { className: 'alert alert-warning editor-alert', hidden: true, aria: { role: 'alert' } });
    this.problems = new ProblemList(editor);
    this.busy = null;
    host.prepend(this.buildBar(), this.alert, this.problems.element);
    guardUnsaved(() => this.isChanged);
    this.listenToKeys();
  }

  /** Which saved draft the editor holds; 0 is what is published. */
  get revision() {
    return this.held;
  }

  set revision(revision) {
    this.held = revision;
    this.discardButton.hidden = revision === 0;
  }

  /** Something in the editor changed. */
  changed() {
    this.isChanged = true;
    this.say(t('Unsaved changes'), { quiet: true });
  }

  save() {
    return this.oneAtATime(t('Saving …'), async () => {
      const content = await this.editor.read();
      this.isChanged = false; // what changes from here on is unsaved again
      try {
        const { revision } = await sendJson('PUT', this.urls.draftUrl, { content, revision: this.revision, base: this.base });
        this.revision = revision;
        this.hideAlert();
        if (!this.isChanged) this.say(t('Draft saved at {time}', { time: clock() }));
      } catch (error) {
        this.isChanged = true;
        if (error.status !== CONFLICT) throw error;
        this.showConflict(error);
      }
    });
  }

  check() {
    return this.oneAtATime(t('Checking …'), async () => {
      const { problems } = await sendJson('POST', this.urls.checkUrl, { content: await this.editor.read() });
      this.showProblems(problems);
    });
  }

  publish(comment) {
    return this.oneAtATime(t('Publishing …'), async () => {
      const content = await this.editor.read();
      try {
        const answer = await sendJson('POST', this.urls.publishUrl, { content, comment, revision: this.revision, base: this.base });
        this.isChanged = false;
        this.base = answer.base ?? this.base;
        this.revision = answer.revision ?? this.revision;
        this.showProblems(answer.problems ?? []);
        this.showPublished(answer);
      } catch (error) {
        if (error.status === CONFLICT) this.showConflict(error);
        else if (error.status === REFUSED && error.body.problems) this.showProblems(error.body.problems);
        else throw error;
      }
    });
  }

  discard() {
    return this.oneAtATime(t('Discarding …'), async () => {
      try {
        await sendJson('DELETE', this.urls.draftUrl, { revision: this.revision });
        this.isChanged = false;
        window.location.reload();
      } catch (error) {
        if (error.status !== CONFLICT) throw error;
        this.showConflict(error);
      }
    });
  }

  // --- parts ---------------------------------------------------------------------------------

  buildBar() {
    const { editor } = this;
    const bar = el('div', { className: 'editor-bar', aria: { role: 'toolbar', label: t('Editor') } });
    bar.append(
      button(t('Save draft'), () => this.save(), { title: 'Ctrl+S', className: 'btn btn-primary' }),
      button(t('Check'), () => this.check()),
    );
    if (this.urls.publishUrl) bar.append(button(t('Publish …'), () => this.askComment()));
    bar.append(this.discardButton);
    bar.append(button(t('Undo'), () => editor.undo(), { title: 'Ctrl+Z' }), button(t('Redo'), () => editor.redo(), { title: 'Ctrl+Y' }));
    bar.append(button(t('Import …'), () => this.importFile()));
    for (const { label, fileName, type, create } of editor.exports) {
      bar.append(button(label, async () => download(fileName(this.name), type, await create())));
    }
    bar.append(...(editor.tools ?? []), this.status);
    return bar;
  }

  listenToKeys() {
    document.addEventListener('keydown', (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 's') {
        event.preventDefault();
        this.save();
      }
    });
  }

  /** Run one action; a second one asked for meanwhile is not started. */
  async oneAtATime(text, action) {
    if (this.busy) return;
    this.busy = action;
    this.say(text, { quiet: true });
    try {
      await action();
    } catch (error) {
      this.showFailure(error);
    } finally {
      this.busy = null;
    }
  }

  say(text, { quiet = false } = {}) {
    if (quiet) this.status.setAttribute('aria-live', 'off');
    else this.status.removeAttribute('aria-live');
    this.status.textContent = text;
  }

  showProblems(problems) {
    this.problems.show(problems);
    this.editor.mark?.(problems);
    const errors = problems.filter(({ severity }) => severity !== 'warning').length;
    if (!problems.length) this.say(t('No problems found'));
    else this.say(t('Errors: {errors}, warnings: {warnings}', { errors, warnings: problems.length - errors }));
  }

  showPublished({ version, url, message }) {
    const text = message ?? t('Published as version {version}', { version });
    this.showAlert('alert-success', url ? el('a', { href: url }, text) : text);
    this.say(text);
  }

  showFailure(error) {
    this.say('', { quiet: true });
    if (!(error instanceof ServerError)) console.error(error);
    this.showAlert('alert-danger', error.message);
  }

  /** Two tabs or two people: nothing is lost, the person chooses. */
  showConflict({ message, body }) {
    this.say('', { quiet: true });
    const choices = [button(t('Load what is saved instead'), () => this.reload())];
    if (body.revision !== undefined) {
      const overwrite = () => {
        this.revision = body.revision;
        return this.save();
      };
      choices.push(button(t('Keep mine and overwrite it'), overwrite));
    }
    this.showAlert('alert-warning', el('p', {}, message || t('This draft was saved elsewhere in the meantime.')), ...choices);
  }

  reload() {
    return this.oneAtATime(t('Loading …'), async () => {
      await this.loadSource();
      this.say(this.revision ? t('The saved draft is loaded') : t('The published version is loaded'));
    });
  }

  async loadSource() {
    const response = await send('GET', this.urls.sourceUrl);
    await this.editor.load(await response.text());
    this.revision = Number(response.headers.get('X-Revision') ?? this.revision);
    this.base = response.headers.get('X-Base') ?? this.base;
    this.isChanged = false;
    this.hideAlert();
  }

  showAlert(className, ...content) {
    this.alert.className = `alert ${className} editor-alert`;
    this.alert.replaceChildren(...content);
    this.alert.hidden = false;
  }

  hideAlert() {
    this.alert.hidden = true;
  }

  askComment() {
    const text = el('textarea', { className: 'form-control', id: 'publish-comment', rows: 3, maxLength: 2000 });
    ask(t('Publish'), () => this.publish(text.value.trim()), {}, [
      el('p', {}, t('Cases that run stay with their version; new cases take this one.')),
      el('label', { htmlFor: 'publish-comment', className: 'form-label' }, t('What changed?')),
      text,
    ]);
  }

  askDiscard() {
    ask(t('Discard draft'), () => this.discard(), { className: 'btn btn-danger' }, [
      el('p', {}, t('What is saved and not yet published is thrown away, for everybody. What is published stays.')),
    ]);
  }

  importFile() {
    const input = el('input', { type: 'file', accept: this.editor.accept });
    input.addEventListener('change', () =>
      this.oneAtATime(t('Importing …'), async () => {
        await this.editor.load(await input.files[0].text());
        this.changed();
        announce(t('{name} is imported', { name: input.files[0].name }));
      }),
    );
    input.click();
  }
}

/** The problems that the server found; a click shows where each one is. */
class ProblemList {
  constructor(editor) {
    this.editor = editor;
    this.list = el('ol', { className: 'editor-problems-list' });
    this.element = el('section', { className: 'editor-problems', hidden: true, aria: { label: t('Problems') } }, this.list);
  }

  show(problems) {
    this.element.hidden = problems.length === 0;
    const order = [...problems].sort((one, other) => rank(one) - rank(other));
    this.list.replaceChildren(...order.map((problem) => el('li', {}, this.entry(problem))));
  }

  entry(problem) {
    const isWarning = problem.severity === 'warning';
    const place = [problem.element_id, problem.line && t('line {line}', { line: problem.line })].filter(Boolean).join(', ');
    return el(
      'button',
      { type: 'button', className: 'editor-problem', on: { click: () => this.editor.show(problem) } },
      el('span', { className: isWarning ? 'badge bg-yellow text-yellow-fg' : 'badge bg-red text-red-fg' }, isWarning ? t('Warning') : t('Error')),
      el('span', { className: 'editor-problem-text' }, problem.message),
      el('span', { className: 'editor-problem-place' }, place),
    );
  }
}

/** Ask before something is done; `title` names it and stands on the button that does it. */
function ask(title, onYes, { className = 'btn btn-primary' }, content) {
  const dialog = el(
    'dialog',
    { className: 'editor-dialog', aria: { labelledby: 'editor-dialog-title' } },
    el(
      'form',
      { method: 'dialog' },
      el('h2', { id: 'editor-dialog-title' }, title),
      ...content,
      el('div', { className: 'btn-list' },
        el('button', { value: 'yes', className }, title),
        el('button', { value: '', className: 'btn', formNoValidate: true }, t('Cancel'))),
    ),
  );
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (dialog.returnValue === 'yes') onYes();
  });
  document.body.append(dialog);
  dialog.showModal();
}

const rank = ({ severity }) => (severity === 'warning' ? 1 : 0);

const button = (text, onClick, { className = 'btn', title = '' } = {}) =>
  el('button', { type: 'button', className, title, on: { click: onClick } }, text);

const clock = () => new Date().toLocaleTimeString(document.documentElement.lang || 'en', { hour: '2-digit', minute: '2-digit' });

function download(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  el('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Start an editor on every [data-editor] of the page; `open(host)` builds it once its source is there. */
export async function startEditors(open) {
  for (const host of document.querySelectorAll('[data-editor]')) {
    try {
      await open(host);
      host.dataset.ready = '';
    } catch (error) {
      console.error(error);
      host.prepend(el('p', { className: 'alert alert-danger', aria: { role: 'alert' } }, t('The editor could not be opened: {reason}', { reason: error.message })));
    }
  }
}
