// Tables: a click on a heading sorts by it, best first, another click the other way. Undefined values stay last.
const cellValue = (row, column) => {
  const cell = row.cells[column];
  const text = cell.dataset.sort ?? cell.textContent.trim();
  const number = Number(text.replaceAll('\u2009', '').replace('\u2212', '-').replace(/%$/, ''));
  return text === '' || text === '–' ? null : Number.isNaN(number) ? text : number;
};
const compareValues = (a, b) =>
  typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
const headingsOf = (table) => [...table.tHead.rows[table.tHead.rows.length - 1].cells];

/** Numbers begin with the highest, names with A, and a measure with its best. */
const firstDirection = (heading) =>
  heading.dataset.better === 'lower' ? 1 : heading.classList.contains('number') ? -1 : 1;

function sortTable(table, column, direction) {
  const headings = headingsOf(table);
  if (!headings[column]) return;
  for (const other of headings) other.removeAttribute('aria-sort');
  headings[column].setAttribute('aria-sort', direction === 1 ? 'ascending' : 'descending');
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, value: cellValue(row, column) }));
  rows.sort((a, b) =>
    a.value === null || b.value === null
      ? Number(a.value === null) - Number(b.value === null)
      : direction * compareValues(a.value, b.value),
  );
  body.append(...rows.map(({ row }) => row));
}

/** In the address: `table.column.a` or `.d`, of every table that was sorted. */
function rememberSort(table, column, direction) {
  if (!table.id) return;
  const others = address.list('sort').filter((entry) => !entry.startsWith(`${table.id}.`));
  address.set('sort', [...others, `${table.id}.${column}.${direction === 1 ? 'a' : 'd'}`].join(','));
}

function makeSortable(table) {
  if (table.tBodies[0].rows.length < 2) return;
  headingsOf(table).forEach((heading, column) => {
    const press = button('', () => {
      const sorted = heading.getAttribute('aria-sort');
      const direction = sorted ? (sorted === 'ascending' ? -1 : 1) : firstDirection(heading);
      sortTable(table, column, direction);
      rememberSort(table, column, direction);
    });
    press.className = 'sort';
    press.append(...heading.childNodes);
    heading.append(press);
  });
  const kept = address.list('sort').find((entry) => entry.startsWith(`${table.id}.`));
  const [, column, direction] = kept?.split('.') ?? [];
  if (table.id && column) sortTable(table, Number(column), direction === 'a' ? 1 : -1);
}
onBuilt((part) => {
  for (const link of part.querySelectorAll('a.rows')) link.title = 'The examples that this was measured on';
  for (const table of part.querySelectorAll('table.sortable')) makeSortable(table);
});
