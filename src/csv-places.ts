const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const QUOTE = 0x22;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Is shown a record with quotes or with another number of cells than the header. Throws where it is not in order. */
export type Suspicion = (record: string, number: number) => void;

/**
 * The records of a CSV file after its header, as places in the bytes: of a million rows nobody looks at most cells, and those
 * need no text. RFC 4180, read as `csvRecords` reads it. A block is good until the next one is asked for.
 * @param columns cells of a record
 * @param suspicion is told the number of a record from 1
 */
export async function* csvPlaces(
  pieces: AsyncIterable<Uint8Array>,
  columns: number,
  suspicion: Suspicion,
): AsyncGenerator<RecordBlock> {
  const scan = new Scan(columns, suspicion);
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const piece of pieces) {
    const bytes = Buffer.concat([rest, piece]);
    const block = scan.block(bytes, offset);
    yield block;
    offset += block.bytesRead;
    rest = bytes.subarray(block.bytesRead);
  }
  const last = Buffer.concat([rest, Buffer.from('\n')]);
  const block = scan.block(last, offset);
  yield block;
  // A quote is left open.
  if (block.bytesRead < last.length) suspicion(rest.toString(), scan.number);
}

/** Finds records, and remembers how many there were. */
class Scan {
  /** Of the next record; that of the header is 0. */
  number = 0;
  /** For each record where it starts, then where each of its cells ends. */
  private places: Int32Array;

  constructor(
    private readonly columns: number,
    private readonly suspicion: Suspicion,
  ) {
    this.places = new Int32Array(2 ** 16 + columns + 1);
  }

  /** All whole records of some bytes, the first of which is that many bytes into the file. */
  block(bytes: Buffer, offset: number): RecordBlock {
    let start = offset === 0 && bytes.indexOf(BYTE_ORDER_MARK) === 0 ? BYTE_ORDER_MARK.length : 0;
    // Every byte passes here: what the loop needs is at hand.
    const { columns } = this;
    const end = bytes.length;
    let { places } = this;
    let [length, cells, at] = [0, 0, 0];
    let quoted = false;
    let inQuotes = false;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      if (byte > COMMA) continue;
      if (byte === QUOTE) {
        quoted = true;
        inQuotes = !inQuotes;
      } else if ((byte === COMMA || byte === LINE_FEED) && !inQuotes) {
        if (cells++ < columns) places[at + cells] = i;
        if (byte === COMMA) continue;
        if (this.isRecord(bytes, start, i, quoted || cells !== columns)) {
          places[at] = start;
          at = ++length * (columns + 1);
          places = this.withRoom(at + columns + 1);
        }
        start = i + 1;
        cells = 0;
        quoted = false;
      }
    }
    return new RecordBlock(bytes, { offset, bytesRead: start, length, columns }, places);
  }

  /** Not the header, nor an empty line. */
  private isRecord(bytes: Buffer, start: number, end: number, suspect: boolean): boolean {
    if (end === start || (end === start + 1 && bytes[start] === CARRIAGE_RETURN)) return false;
    const number = this.number++;
    if (number > 0 && suspect) this.suspicion(bytes.toString('utf8', start, end), number);
    return number > 0;
  }

  private withRoom(length: number): Int32Array {
    if (length > this.places.length) {
      const larger = new Int32Array(2 * length);
      larger.set(this.places);
      this.places = larger;
    }
    return this.places;
  }
}

/** Some records that follow each other. */
export class RecordBlock {
  /** How many there are. */
  readonly length: number;
  /** Bytes up to where the next block begins. */
  readonly bytesRead: number;
  private readonly offset: number;
  private readonly columns: number;
  /** Of each column what was last asked for: mostly it comes again. */
  private readonly last: { start: number; end: number; text: string }[];

  constructor(
    private readonly bytes: Buffer,
    { offset, bytesRead, length, columns }: Record<'offset' | 'bytesRead' | 'length' | 'columns', number>,
    private readonly places: Int32Array,
  ) {
    this.length = length;
    this.bytesRead = bytesRead;
    this.offset = offset;
    this.columns = columns;
    this.last = Array.from({ length: columns }, () => ({ start: 0, end: 0, text: '' }));
  }

  /** Where a record begins in the file. */
  start(record: number): number {
    return this.offset + this.places[record * (this.columns + 1)]!;
  }

  /** Bytes of a record with its line break. */
  size(record: number): number {
    const at = record * (this.columns + 1);
    return this.places[at + this.columns]! + 1 - this.places[at]!;
  }

  /** A cell as text. */
  cell(record: number, column: number): string {
    const [start, end] = this.placeOf(record, column);
    const last = this.last[column]!;
    if (!this.isAlike(last, start, end)) {
      const text = this.bytes.toString('utf8', start, end);
      this.last[column] = { start, end, text: text.startsWith('"') ? unquoted(text) : text };
    }
    return this.last[column]!.text;
  }

  /** Whether a cell says true or false, or nothing; undefined where it says anything else. */
  truth(record: number, column: number): boolean | '' | undefined {
    const [start, end] = this.placeOf(record, column);
    if (start === end) return '';
    // With quotes, `false` has seven letters.
    if (end - start < 4 || end - start > 7) return undefined;
    const text = this.cell(record, column);
    return text === 'true' || (text === 'false' ? false : undefined);
  }

  private placeOf(record: number, column: number): [start: number, end: number] {
    const at = record * (this.columns + 1) + column;
    const end = this.places[at + 1]!;
    const last = column === this.columns - 1 && this.bytes[end - 1] === CARRIAGE_RETURN;
    return [this.places[at]! + (column === 0 ? 0 : 1), last ? end - 1 : end];
  }

  private isAlike(last: { start: number; end: number }, start: number, end: number): boolean {
    if (last.end - last.start !== end - start) return false;
    for (let i = 0; i < end - start; i++)
      if (this.bytes[last.start + i] !== this.bytes[start + i]) return false;
    return true;
  }
}

const unquoted = (text: string) => text.slice(1, -1).replaceAll('""', '"');
