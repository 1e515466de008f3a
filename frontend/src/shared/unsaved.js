// Asks before a page with unsaved work is left. Each holder of work says whether it has any.
const holders = new Set();

export function guardUnsaved(hasUnsavedWork) {
  holders.add(hasUnsavedWork);
}

window.addEventListener('beforeunload', (event) => {
  if ([...holders].some((hasUnsavedWork) => hasUnsavedWork())) event.preventDefault();
});
