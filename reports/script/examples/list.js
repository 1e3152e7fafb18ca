// The examples that pass, a page of tiles at a time.
const TILES = 60;
const MARKS = { 1: '✓', 0: '✗', '-': '' };

async function show() {
  const dataset = datasetNow();
  const facts = await part(`${dataset.file}-facts`);
  drawFilters(facts, dataset);
  const { kept, fact } = passing(facts, dataset);
  const pages = Math.max(1, Math.ceil(kept.length / TILES));
  const page = Math.min(Math.max(1, Number(state.page) || 1), pages);
  const said = fact ? `; ✓ and ✗: ${fact.column.replaceAll('_', ' ')}, ${fact.model}` : '';
  const n = facts.indices.length;
  const all = dataset.cut ? `the first ${n} examples (every row lies in examples/*.csv)` : `${n} examples`;
  document.querySelector('.told').textContent = `${kept.length} of ${all}${said}`;
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
  await showDetail(facts, dataset, kept);
  shown = { facts, kept };
  for (const { made, index } of tiles) {
    const [sprite] = await spritesWith(dataset, index);
    if (sprite && made.isConnected) made.prepend(await drawFrom(sprite, index, 56, ''));
  }
}
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
