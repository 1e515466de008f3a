// Tells a change to people who do not see it: one polite live region for the whole page.
let region;

export function announce(text) {
  region ??= document.getElementById('live') ?? createRegion();
  region.textContent = '';
  setTimeout(() => { region.textContent = text; }, 50); // a region is read only when its text changes
}

function createRegion() {
  const element = document.createElement('div');
  element.id = 'live';
  element.className = 'visually-hidden';
  element.setAttribute('role', 'status');
  document.body.append(element);
  return element;
}
