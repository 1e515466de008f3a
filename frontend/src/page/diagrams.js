// The diagram viewer is big: it is fetched when an element with data-diagram-url comes into view.
import { besideThis } from '../shared/files.js';

const seen = new WeakSet();
const beside = (name) => besideThis(name, import.meta.url);

export function startDiagrams() {
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      show(target);
    }
  });
  const watch = () => {
    for (const element of document.querySelectorAll('[data-diagram-url]')) {
      if (seen.has(element)) continue;
      seen.add(element);
      observer.observe(element);
    }
  };
  watch();
  document.addEventListener('htmx:after:swap', watch);
}

async function show(element) {
  const [{ showDiagram }] = await Promise.all([import(beside('viewer.js')), loadStyle(beside('viewer.css'))]);
  await showDiagram(element);
}

function loadStyle(href) {
  if (document.querySelector(`link[href="${CSS.escape(href)}"]`)) return Promise.resolve();
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = href;
  const loaded = new Promise((resolve) => link.addEventListener('load', resolve, { once: true }));
  document.head.append(link);
  return loaded;
}
