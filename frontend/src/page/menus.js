// Menus are <details class="menu">: they open without JavaScript; with it they also close as menus do.
const OPEN = 'details.menu[open]';

export function startMenus() {
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') closeMenus(event.target);
  });
  document.addEventListener('click', ({ target }) => {
    for (const menu of document.querySelectorAll(OPEN)) {
      if (!menu.contains(target)) menu.open = false;
    }
  });
}

/** Close every menu; who was inside one goes on at its button. */
function closeMenus(focused) {
  for (const menu of document.querySelectorAll(OPEN)) {
    menu.open = false;
    if (menu.contains(focused)) menu.querySelector('summary').focus();
  }
}
