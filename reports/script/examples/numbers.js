// Examples with a number in a range: `confidence > 0.9`. Numbers stand in the rows, all of which are then loaded.
const COMPARED = {
  '<': (x, y) => x < y,
  '<=': (x, y) => x <= y,
  '>': (x, y) => x > y,
  '>=': (x, y) => x >= y,
  '=': (x, y) => x === y,
};

/** Of a yes or no 1 or 0; NaN of all else that is no number, such as a list of several. */
const numberOf = (text) => (text.trim() === '' ? Number.NaN : Number({ true: 1, false: 0 }[text] ?? text));

/** Columns have no blanks where they are shown with some. */
const underscored = (text) => text.replaceAll(' ', '_');

/** What is asked of a column, one condition after the other: `nll > 1 and nll < 2`. Undefined where a part is no condition. */
function conditionsIn(text) {
  const parts = text.split(/ and /i).map((part) => {
    const [, column, by, number = ''] = part.match(/^([^<>=]+)(<=|>=|<|>|=) ?([^<>= ]+)$/) ?? [];
    const limit = numberOf(number);
    return Number.isNaN(limit) ? undefined : { column: column.trim(), by: COMPARED[by], limit };
  });
  return parts.includes(undefined) ? undefined : parts;
}

/** The last answer: it stands while pages are turned. */
let answered = { key: '', answer: undefined };

/**
 * Indices of the examples of which a row of the system meets every condition, and the title of the sheet that has these rows: the one
 * that is asked for, else the first with numbers in all columns. Undefined where nothing is asked, a text where it cannot be answered.
 */
async function withNumbers(dataset) {
  const text = state.where.trim().replace(/\s+/g, ' ');
  if (text === '') return undefined;
  const model = state.model || contents.systems[0];
  const key = JSON.stringify([dataset.name, state.sheet, model, text]);
  if (answered.key !== key) answered = { key, answer: await answerTo(text, { dataset, model }) };
  return answered.answer;
}

async function answerTo(text, { dataset, model }) {
  const conditions = conditionsIn(text);
  if (!conditions) return `“${text}” is no condition such as “confidence > 0.9” or “nll > 1 and nll < 2”`;
  const asked = [...new Set(conditions.map(({ column }) => underscored(column)))];
  const placesIn = ({ columns }) =>
    conditions.map(({ column }) => columns.findIndex((one) => underscored(one) === underscored(column)));
  const sheets = contents.sheets
    .map((sheet, s) => ({ ...sheet, s, at: placesIn(sheet) }))
    .filter(({ name, at }) => !at.includes(-1) && (state.sheet === '' || name === state.sheet));
  const parts = [];
  if (sheets.length > 0)
    for (let k = 0; k < dataset.parts; k++) parts.push(await rowsIn(`${dataset.file}-rows-${k}`));
  for (const { s, at, columns, title } of sheets) {
    const [ofModel, ofIndex] = [columns.indexOf('model'), columns.indexOf('index')];
    const found = new Set();
    let has = false;
    for (const rows of parts)
      for (const cells of rows.get(s) ?? []) {
        if (ofModel >= 0 && cells[ofModel] !== model) continue;
        const numbers = at.map((column) => numberOf(cells[column] ?? ''));
        if (numbers.some(Number.isNaN)) continue;
        has = true;
        if (conditions.every(({ by, limit }, c) => by(numbers[c], limit))) found.add(Number(cells[ofIndex]));
      }
    if (has) return { found, title };
  }
  const where = state.sheet === '' ? 'no sheet has' : `${titleOf(state.sheet)} has no`;
  return `${where} ${asked.join(', ')}${sheets.length > 0 ? ` as single numbers of ${model} on ${dataset.name}` : ''}`;
}
