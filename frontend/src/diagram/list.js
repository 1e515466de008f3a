// Diagram and list point at one another: entries carry data-element-id, buttons data-show-element.

export function linkList(viewer, container) {
  viewer.on('element.click', ({ element }) => chooseEntries(element.id));
  document.addEventListener('click', ({ target }) => {
    const id = target.closest('[data-show-element]')?.dataset.showElement;
    if (id && viewer.get('elementRegistry').get(id)) showElement(viewer, container, id);
  });
}

/** Highlight the entries of one element and bring the first into view. */
function chooseEntries(id) {
  for (const entry of document.querySelectorAll('[data-element-id]')) {
    entry.classList.toggle('is-chosen', entry.dataset.elementId === id);
  }
  document.querySelector('[data-element-id].is-chosen')?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
}

let chosen;

function showElement(viewer, container, id) {
  const canvas = viewer.get('canvas');
  if (chosen && viewer.get('elementRegistry').get(chosen)) canvas.removeMarker(chosen, 'mark-chosen');
  chosen = id;
  canvas.addMarker(id, 'mark-chosen');
  canvas.scrollToElement(id);
  container.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
}
