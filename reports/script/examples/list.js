// The examples that pass, a page of tiles at a time.
const TILES = 60;
const MARKS = { 1: '✓', 0: '✗', '-': '' };

/** How often examples were asked for: what comes late is not shown over what was asked for since. */
let shows = 0;

async function show() {
  const turn = ++shows;
  const isLast = () => turn === shows;
  try {
    await showNow(isLast);
  } catch (error) {
    if (isLast())
      document.querySelector('.told').textContent =
        `${error.message}. Keep the folder viewer/ beside this page; assay report writes both again.`;
    console.error(error);
  }
}

async function showNow(isLast) {
  const dataset = datasetNow();
  const facts = await part(`${dataset.file}-facts`);
  if (!isLast()) return;
  drawFilters(facts, dataset);
  const numbers = await withNumbers(dataset);
  if (!isLast()) return;
  const { kept, fact, lacking } = passing(facts, dataset, numbers);
  const pages = Math.max(1, Math.ceil(kept.length / TILES));
  const page = Math.min(Math.max(1, Number(state.page) || 1), pages);
  const n = facts.indices.length;
  const all = dataset.cut ? `the first ${n} examples (every row lies in examples/*.csv)` : `${n} examples`;
  document.querySelector('.told').textContent = visible(
    `${kept.length} of ${all}${saidOf(dataset, fact, lacking)}${saidOfNumbers(numbers)}`,
  );
  const tiles = kept.slice((page - 1) * TILES, page * TILES).map((e) => tile(facts, dataset, e, fact));
  document.querySelector('.tiles').replaceChildren(...tiles.map(({ made }) => made));
  const turn = (to, text) => {
    const made = button(text, () => {
      change({ page: String(to) });
      show();
    });
    made.disabled = to < 1 || to > pages;
    return made;
  };
  document
    .querySelector('.pages')
    .replaceChildren(turn(page - 1, '← previous page'), `${page} of ${pages}`, turn(page + 1, 'next page →'));
  shown = { facts, kept };
  await showDetail(facts, dataset, kept, isLast);
  for (const { made, index } of tiles) {
    const [sprite] = await spritesWith(dataset, index);
    if (!isLast()) return;
    if (sprite && made.isConnected) made.prepend(await drawFrom(sprite, index, 56, ''));
  }
}

/** What was asked of a sheet and a system, and whether that has an answer. */
function saidOf(dataset, fact, lacking) {
  if (state.sheet === '') return '';
  const [sheet, column, model] = [titleOf(state.sheet), state.column.replaceAll('_', ' '), state.model];
  if (lacking) return `: ${sheet} has no “${column}” of ${model} on ${dataset.name}`;
  if (fact) return `; ✓ and ✗: ${[column, fact.model].filter(Boolean).join(', ')}`;
  return state.is === '' ? `: those with rows of ${model} in ${sheet}` : '';
}

const saidOfNumbers = (numbers) => {
  if (numbers === undefined) return '';
  return typeof numbers === 'string'
    ? `: ${numbers}`
    : `; where ${state.where.trim()}, ${state.model || contents.systems[0]}, in ${numbers.title}`;
};

/** What a sheet is called; another page may ask for one that is not there. */
const titleOf = (sheet) => contents.sheets.find(({ name }) => name === sheet)?.title ?? sheet;

let shown = { facts: { indices: [] }, kept: [] };

function tile(facts, dataset, e, fact) {
  const index = facts.indices[e];
  const label = className(dataset, facts.labels[e]);
  const made = button('', () => openExample(index));
  made.className = 'tile';
  if (String(index) === state.example) made.setAttribute('aria-current', 'true');
  const mark = fact ? MARKS[fact.values[e]] : '';
  made.append(
    make('span', { text: `${mark} ${index}`.trim() }),
    ' ',
    make('span', { className: 'label', text: label }),
  );
  return { made, index };
}

// Arrows walk through the examples that pass, / searches, Escape closes.
addEventListener('keydown', ({ key, target, ctrlKey, metaKey, altKey }) => {
  if (ctrlKey || metaKey || altKey) return;
  const typing = ['INPUT', 'SELECT'].includes(target.tagName);
  if (key === 'Escape') openExample('');
  else if (key === '/' && !typing) setTimeout(() => document.getElementById('filter-q').focus());
  else if ((key === 'ArrowRight' || key === 'ArrowLeft') && !typing) {
    const at = shown.kept.indexOf(shown.facts.indices.indexOf(Number(state.example)));
    const to = state.example === '' ? 0 : at + (key === 'ArrowRight' ? 1 : -1);
    if (shown.kept[to] !== undefined) openExample(shown.facts.indices[shown.kept[to]]);
  }
});
show();
