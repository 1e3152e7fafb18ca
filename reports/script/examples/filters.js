// Which examples are shown. All of it stands in the address.
const KEYS = ['dataset', 'sheet', 'column', 'model', 'is', 'class', 'where', 'q', 'page', 'example'];
const state = Object.fromEntries(KEYS.map((key) => [key, address.get(key)]));
const datasetNow = () => contents.datasets.find(({ name }) => name === state.dataset) ?? contents.datasets[0];

function change(more) {
  Object.assign(state, more);
  for (const key of KEYS) address.set(key, state[key]);
}

const className = (dataset, k) => (k < 0 ? '' : (dataset.classes[k] ?? String(k)));

/** What `is` can ask of a fact, or of the models. */
const OUTCOMES = { '': 'all', yes: 'yes', no: 'no', differs: 'differs between systems' };

/** Whether something is of the sheet and the system that are asked for; some sheets are of no system. */
const isAsked = ({ sheet, model }) => sheet === state.sheet && (model === state.model || model === '');

/**
 * Positions of the examples that pass; none where nothing answers what is asked.
 * @param numbers as `withNumbers` says
 */
function passing(facts, dataset, numbers) {
  const fact = facts.facts.find((one) => isAsked(one) && one.column === state.column);
  const extent = facts.extents.find(isAsked);
  const lacking = state.sheet !== '' && (state.is === 'yes' || state.is === 'no' ? !fact : !extent);
  if (lacking || typeof numbers === 'string') return { kept: [], fact, lacking };
  const wanted = state.q.trim().toLowerCase();
  const kept = [];
  for (let e = 0; e < facts.indices.length; e++) {
    const label = className(dataset, facts.labels[e]);
    if (state.class !== '' && String(facts.labels[e]) !== state.class) continue;
    if (numbers && !numbers.found.has(facts.indices[e])) continue;
    if (state.is === 'differs' && facts.differs[e] !== '1') continue;
    if (fact && state.is === 'yes' && fact.values[e] !== '1') continue;
    if (fact && state.is === 'no' && fact.values[e] !== '0') continue;
    if (state.is === '' && (fact ?? extent)?.values[e] === '-') continue;
    if (
      wanted !== '' &&
      String(facts.indices[e]) !== wanted &&
      !names(facts, dataset, e, label).includes(wanted)
    )
      continue;
    kept.push(e);
  }
  return { kept, fact, lacking };
}

const names = (facts, dataset, e, label) =>
  [label, ...facts.predictions.map(({ classes }) => className(dataset, classes[e]))].join(' ').toLowerCase();

function select(name, label, options) {
  const made = make('select', { id: `filter-${name}` });
  for (const [value, text] of options)
    made.append(new Option(visible(text), value, false, value === state[name]));
  made.addEventListener('change', () => {
    change({ [name]: made.value, page: '', ...(name === 'dataset' && otherDataset()) });
    show();
  });
  return make('label', { text: label }, [made]);
}

/** What is asked of one data set mostly has no answer in another. */
const otherDataset = () => ({
  ...{ example: '', class: '', sheet: '', column: '', where: '' },
  is: state.is === 'differs' ? state.is : '',
});

function drawFilters(facts, dataset) {
  const form = document.querySelector('.filters');
  const held = document.activeElement?.id;
  const columns = [...new Set(facts.facts.map(({ sheet, column }) => JSON.stringify([sheet, column])))];
  // What a number of the report led here by need not be a yes or no.
  const asked = JSON.stringify([state.sheet, state.column]);
  if (state.sheet !== '' && !columns.includes(asked)) columns.push(asked);
  const outcome = make('select', { id: 'filter-outcome' });
  outcome.append(new Option('any outcome', ''));
  for (const key of columns) {
    const [sheet, column] = JSON.parse(key);
    const chosen = sheet === state.sheet && column === state.column;
    outcome.append(new Option(visible(`${column.replaceAll('_', ' ')} (${sheet})`), key, false, chosen));
  }
  outcome.addEventListener('change', () => {
    const [sheet, column] = outcome.value ? JSON.parse(outcome.value) : ['', ''];
    change({
      sheet,
      column,
      model: state.model || contents.systems[0],
      is: outcome.value ? 'yes' : '',
      page: '',
    });
    show();
  });
  const search = make('input', { type: 'search', id: 'filter-q', placeholder: 'class or number' });
  search.value = state.q;
  search.addEventListener('input', () => {
    change({ q: search.value, page: '' });
    show();
  });
  const where = make('input', { id: 'filter-where', placeholder: 'confidence > 0.9' });
  where.value = state.where;
  where.addEventListener('change', () => {
    change({ where: where.value, page: '' });
    show();
  });
  const used = [...new Set(facts.labels)].filter((k) => k >= 0).sort((a, b) => a - b);
  const is = select('is', 'Show', Object.entries(OUTCOMES));
  // Without an outcome there is nothing to say yes or no.
  for (const option of is.querySelectorAll('[value="yes"], [value="no"]'))
    option.disabled = state.sheet === '';
  form.replaceChildren(
    select(
      'dataset',
      'Data set',
      contents.datasets.map(({ name, n }) => [name, `${name} (${n})`]),
    ),
    select('class', 'Class', [['', 'any class'], ...used.map((k) => [String(k), className(dataset, k)])]),
    make('label', { text: 'Outcome' }, [outcome]),
    select(
      'model',
      'System',
      contents.systems.map((name) => [name, name]),
    ),
    is,
    make('label', { text: 'Where' }, [where]),
    make('label', { text: 'Search' }, [search]),
  );
  if (held) document.getElementById(held)?.focus();
  if (held === 'filter-q') search.setSelectionRange(search.value.length, search.value.length);
}
document.querySelector('.filters').addEventListener('submit', (event) => event.preventDefault());
