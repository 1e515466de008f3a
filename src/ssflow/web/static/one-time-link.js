// A one-time link carries its code behind the #, which browsers never send: it stays out of every
// log. This puts it into the form, forgets the address, and sends the form when nothing else is asked.
const form = document.querySelector('form[data-one-time-link]');
const code = window.location.hash.slice(1);

if (form && code) {
  form.elements.token.value = decodeURIComponent(code);
  window.history.replaceState(null, '', window.location.pathname);
  if (!('keep' in form.dataset)) form.requestSubmit();
}
