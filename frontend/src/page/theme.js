// Light and dark: `auto` follows the system. Buttons with data-theme-choice="light|dark|auto" change it.
const KEY = 'ssflow.theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');

export function chosenTheme() {
  try {
    return localStorage.getItem(KEY) ?? 'auto';
  } catch {
    return 'auto'; // storage may be switched off
  }
}

export function chooseTheme(choice) {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // the choice then lasts for this page only
  }
  applyTheme(choice);
}

export function applyTheme(choice = chosenTheme()) {
  const dark = choice === 'dark' || (choice === 'auto' && system.matches);
  document.documentElement.dataset.bsTheme = dark ? 'dark' : 'light';
}

export function followSystem() {
  system.addEventListener('change', () => applyTheme());
}

export function startThemeChoice() {
  const show = () => {
    for (const button of document.querySelectorAll('[data-theme-choice]')) {
      button.setAttribute('aria-pressed', String(button.dataset.themeChoice === chosenTheme()));
    }
  };
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-theme-choice]');
    if (!button) return;
    chooseTheme(button.dataset.themeChoice);
    show();
  });
  show();
}
