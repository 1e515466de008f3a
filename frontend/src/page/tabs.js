// Tabs that do not fit scroll sideways; the one that is open comes into sight.

export function startTabs() {
  for (const current of document.querySelectorAll('.tabs [aria-current]')) showTab(current);
}

function showTab(current) {
  const row = current.closest('.tabs');
  const middle = current.offsetLeft - row.offsetLeft + current.offsetWidth / 2;
  row.scrollLeft = middle - row.clientWidth / 2;
}
