// Examples with a number in a range: `confidence > 0.9`. Numbers stand in the rows, all of which are then loaded.
const COMPARED = {
  '<': (x, y) => x < y,
  '<=': (x, y) => x <= y,
  '>': (x, y) => x > y,
  '>=': (x, y) => x >= y,
  '=': (x, y) => x === y,
};

/** What is asked of a column, one condition after the other: `nll > 1 and nll < 2`. Undefined where a part is no condition. */
function conditionsIn(text) {
  const parts = text.split(/\s+and\s+/i).map((part) => {
    const [, column, by, number] = part.match(/^\s*(.+?)\s*(<=|>=|<|>|=)\s*(\S+)\s*$/) ?? [];
    const limit = number === undefined ? Number.NaN : Number(number);
    return Number.isNaN(limit) ? undefined : { column: column.replaceAll(' ', '_'), by: COMPARED[by], limit };
  });
  return parts.includes(undefined) ? undefined : parts;
}

/**
 * Indices of the examples of which a row of the system meets every condition; of the sheet that is asked for, else of the first with
 * all columns. Undefined where nothing is asked, a text where it cannot be answered.
 */
async function withNumbers(dataset) {
  if (state.where.trim() === '') return undefined;
  const conditions = conditionsIn(state.where);
  if (!conditions)
    return `“${state.where}” is no condition such as “confidence > 0.9” or “nll > 1 and nll < 2”`;
  const has = ({ columns }) => conditions.every(({ column }) => columns.includes(column));
  const s = contents.sheets.findIndex(
    (sheet) => has(sheet) && (state.sheet === '' || sheet.name === state.sheet),
  );
  const asked = [...new Set(conditions.map(({ column }) => column))].join(', ');
  if (s < 0) return `${state.sheet === '' ? 'no sheet' : titleOf(state.sheet)} has ${asked}`;
  const { columns } = contents.sheets[s];
  const [model, index, ...at] = ['model', 'index', ...conditions.map(({ column }) => column)].map((name) =>
    columns.indexOf(name),
  );
  const found = new Set();
  for (let k = 0; k < dataset.parts; k++)
    for (const cells of (await rowsIn(`${dataset.file}-rows-${k}`)).get(s) ?? [])
      if (
        (model < 0 || cells[model] === (state.model || contents.systems[0])) &&
        conditions.every(({ by, limit }, c) => cells[at[c]] !== '' && by(Number(cells[at[c]]), limit))
      )
        found.add(Number(cells[index]));
  return found;
}
