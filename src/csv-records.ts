/**
 * The records of a CSV file (RFC 4180; a byte order mark is skipped) as text, some at a time and not yet cut into cells: most
 * of a million rows nobody looks at. Its last record may lack its line break; empty lines are skipped.
 */
export async function* csvRecords(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    const records = recordsIn(rest + decoder.decode(piece, { stream: true }));
    rest = records.pop() ?? '';
    yield records.filter(isRecord);
  }
  yield [rest + decoder.decode()].filter(isRecord);
}

const isRecord = (text: string) => text !== '' && text !== '\r';

/** The last one may go on. */
function recordsIn(text: string): string[] {
  const lines = text.split('\n');
  if (!text.includes('"')) return lines;
  const records: string[] = [];
  let open: string | undefined;
  for (const line of lines) {
    const record: string = open === undefined ? line : `${open}\n${line}`;
    // A cell that goes on in the next line leaves a quote without its partner.
    open = isOdd(line) === (open === undefined) ? record : undefined;
    if (open === undefined) records.push(record);
  }
  if (open !== undefined) records.push(open);
  return records;
}

function isOdd(line: string): boolean {
  let odd = false;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

/** The cells of a record; undefined where its quotes are not in order. */
export function cellsOf(record: string): string[] | undefined {
  const line = record.endsWith('\r') ? record.slice(0, -1) : record;
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  for (let at = 0; ; at++) {
    if (line[at] === '"') {
      let end = at + 1;
      while (line[end] !== '"' || line[end + 1] === '"') {
        if (end >= line.length) return undefined;
        end += line[end] === '"' ? 2 : 1;
      }
      cells.push(line.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      const end = line.indexOf(',', at);
      cells.push(end < 0 ? line.slice(at) : line.slice(at, end));
      if (cells[cells.length - 1]!.includes('"')) return undefined;
      at = end < 0 ? line.length : end;
    }
    if (at >= line.length) return cells;
    if (line[at] !== ',') return undefined;
  }
}
