// Rows as they stand in the sheets, of some examples at a time: a line that says how many bytes are of which sheet, then those.
const readParts = new Map();

/** Of each sheet, by its number, the rows in a part. */
function rowsIn(name) {
  if (!readParts.has(name)) readParts.set(name, part(name).then(unpacked).then(rowsOf));
  return readParts.get(name);
}

function rowsOf(bytes) {
  const text = (from, to) => new TextDecoder().decode(bytes.subarray(from, to));
  let at = bytes.indexOf(10) + 1;
  const rows = new Map();
  for (const [sheet, length] of JSON.parse(text(0, at))) {
    rows.set(sheet, recordsOf(text(at, at + length)));
    at += length;
  }
  return rows;
}

/** The cells of every record of a CSV text. */
function recordsOf(text) {
  if (!text.includes('"'))
    return text
      .split('\n')
      .map((line) => line.replace(/\r$/, ''))
      .filter((line) => line !== '')
      .map((line) => line.split(','));
  const records = [];
  let record = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  return records;
}
