// What is folded away lies in <noscript>: browsers without scripts show it, and with them it costs nothing until it is
// opened, when it becomes part of the page.
const builders = [];
/** While everything is open for the printer, the address stays as it is. */
const printing = { all: false };
/** Runs `build` on the page and on whatever is added to it when a fold is opened. */
const onBuilt = (build) => {
  builders.push(build);
  build(document);
};

function unfold(details) {
  const kept = details.querySelector(':scope > noscript');
  if (!kept) return;
  const made = document.createRange().createContextualFragment(kept.textContent);
  kept.replaceWith(made);
  for (const build of builders) build(details);
}

const rememberOpen = () => {
  const changed = [...document.querySelectorAll('details[id]')].filter(
    (details) => details.open !== details.hasAttribute('data-first-open'),
  );
  address.set('open', changed.map(({ id }) => id).join(','));
};
for (const details of document.querySelectorAll('details[open]')) details.dataset.firstOpen = '';

document.addEventListener(
  'toggle',
  ({ target }) => {
    if (target.open) unfold(target);
    if (target.id && !printing.all) rememberOpen();
  },
  true,
);

const changedFolds = address.list('open');
for (const id of changedFolds) {
  const details = document.getElementById(id);
  if (details?.tagName !== 'DETAILS') continue;
  details.open = !details.open;
  if (details.open) unfold(details);
}

/** Opens whatever an element is folded away in. */
function reveal(id) {
  if (id === '') return;
  let found = document.getElementById(id);
  for (const kept of found ? [] : document.querySelectorAll('details > noscript')) {
    if (!kept.textContent.includes(` id="${id}"`)) continue;
    unfold(kept.parentElement);
    found = document.getElementById(id);
    if (found) break;
  }
  if (!found) return;
  for (let around = found.closest('details'); around; around = around.parentElement.closest('details'))
    around.open = true;
  found.scrollIntoView();
}
const revealHash = () => reveal(decodeURIComponent(location.hash.slice(1)));
addEventListener('hashchange', revealHash);
if (location.hash) revealHash();
