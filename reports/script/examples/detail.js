// One example: its images, and every row of every sheet.
async function showDetail(facts, dataset, kept, isLast) {
  const section = document.querySelector('.detail');
  section.hidden = state.example === '';
  if (section.hidden) return;
  const index = Number(state.example);
  const e = facts.indices.indexOf(index);
  if (e < 0) {
    section.replaceChildren(make('p', { text: `${dataset.name} has no example ${state.example}.` }));
    return;
  }
  const [rows, sprites] = await Promise.all([
    rowsIn(`${dataset.file}-rows-${Math.floor(e / PART)}`),
    spritesWith(dataset, index),
  ]);
  const pictures = await picturesOf(sprites, index);
  if (!isLast()) return;
  const label = className(dataset, facts.labels[e]);
  const at = kept.indexOf(e);
  const step = (by, text, name) => {
    const to = kept[at + by];
    const made = button(text, () => openExample(facts.indices[to]), name);
    made.disabled = at < 0 || to === undefined;
    return made;
  };
  section.replaceChildren(
    make('h2', { text: `${dataset.name}, example ${index}${label ? `: ${label}` : ''}` }),
    make('p', { className: 'steps' }, [
      step(-1, '← previous', 'Previous example'),
      step(1, 'next →', 'Next example'),
      button('close', () => openExample(''), 'Close the example'),
    ]),
    make('div', { className: 'pictures' }, pictures),
    ...contents.sheets.map((sheet, s) => {
      const at = sheet.columns.indexOf('index');
      const own = (rows.get(s) ?? []).filter((cells) => Number(cells[at]) === index);
      return rowsTable(sheet, dataset, own);
    }),
  );
}

async function picturesOf(sprites, index) {
  const figure = (canvas, text) => make('figure', {}, [canvas, make('figcaption', { text })]);
  const made = [];
  for (const sheet of new Set(sprites.map((sprite) => sprite.sheet))) {
    const own = sprites.filter((sprite) => sprite.sheet === sheet);
    const clean = own.find(({ of }) => of === 'clean');
    const first = clean && (await drawFrom(clean, index, SIDE, 'clean image'));
    if (first) made.push(figure(first, 'clean'));
    for (const sprite of own.filter(({ of }) => of !== 'clean')) {
      const after = await drawFrom(sprite, index, SIDE, `adversarial image for ${sprite.of}`);
      const pair = [figure(after, sprite.of)];
      if (first) pair.push(figure(difference(after, first, `difference for ${sprite.of}`), 'difference'));
      made.push(make('div', { className: 'pair' }, pair));
    }
  }
  return made;
}

/** Columns that say the same of every row of an example. */
const KNOWN = ['dataset', 'index'];
/** Columns that hold the number of a class. */
const CLASSES = ['label', 'prediction', 'clean_prediction', 'target'];

function rowsTable({ name, columns }, dataset, rows) {
  if (rows.length === 0) return '';
  const shown = columns
    .map((_, c) => c)
    .filter((c) => !KNOWN.includes(columns[c]) && rows.some((cells) => cells[c] !== ''));
  const head = make(
    'tr',
    {},
    shown.map((c) => make('th', { scope: 'col', text: columns[c].replaceAll('_', ' ') })),
  );
  const body = rows.map((cells) =>
    make(
      'tr',
      {},
      shown.map((c) => make('td', { text: said(columns[c], cells[c], dataset), title: cells[c] })),
    ),
  );
  const table = make('table', { className: 'small' }, [make('thead', {}, [head]), make('tbody', {}, body)]);
  return make('figure', {}, [
    make('figcaption', { text: name }),
    make('div', { className: 'scroll', role: 'group', tabindex: '0', 'aria-label': `Rows of ${name}` }, [
      table,
    ]),
  ]);
}

/** A class by its name, or what stands there. */
function said(column, text, dataset) {
  const name = CLASSES.includes(column) && text !== '' ? dataset.classes[Number(text)] : undefined;
  return name === undefined || name === text ? brief(text) || '–' : `${text} ${name}`;
}

/** Numbers at four digits; what they are in full is told where one points. */
const brief = (text) =>
  text
    .split(' ')
    .map((piece) => (/\d\.\d{4,}/.test(piece) ? String(Number(Number(piece).toPrecision(4))) : piece))
    .join(' ');

function openExample(index) {
  change({ example: String(index) });
  show();
}
