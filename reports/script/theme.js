// Theme: follows the system until the reader chooses; the choice is kept where storage is allowed.
const root = document.documentElement;
const storedTheme = () => {
  try {
    return localStorage.getItem('assay-theme');
  } catch {
    return null;
  }
};
const isDark = () =>
  root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
const remembered = storedTheme();
if (remembered === 'light' || remembered === 'dark') root.dataset.theme = remembered;

/** A plain button. */
const button = (text, press, name = '') => {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  if (name) made.setAttribute('aria-label', name);
  made.addEventListener('click', press);
  return made;
};

const toggle = button('', () => {
  root.dataset.theme = isDark() ? 'light' : 'dark';
  try {
    localStorage.setItem('assay-theme', root.dataset.theme);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  nameTheme();
});
toggle.className = 'theme';
function nameTheme() {
  toggle.textContent = isDark() ? 'Light' : 'Dark';
  toggle.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} colours`);
}
nameTheme();
document.querySelector('.brand')?.append(toggle);
