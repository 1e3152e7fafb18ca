import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type ByteSource, openFile } from '../../bytes/byte-source.js';
import type { ViewedDataset } from './rows.js';
import type { SheetRows, ViewedSheet } from './sheet-rows.js';

/** Bytes of a file that lie together. */
interface Run {
  start: number;
  end: number;
}

/** The records of some examples in one sheet. */
interface Share {
  sheet: number;
  runs: Run[];
}

/** Fast, and a third of the text; the next levels take twice the time for a tenth less. */
const LEVEL = 1;

/**
 * All rows on the examples of a data set, so many examples at a time: a line of JSON, `[[sheet, bytes], ...]`, then the records of
 * each of these sheets as they stand there, line breaks included. By gzip, in base64. Errors: those of `openFile`.
 */
export async function* rowParts(
  directory: string,
  dataset: ViewedDataset,
  sheets: readonly ViewedSheet[],
  step: number,
): AsyncGenerator<string> {
  const shares = sharesOf(dataset, step);
  const sources = new Map<number, ByteSource>();
  try {
    for (const { sheet } of dataset.sheets.values())
      sources.set(sheet, await openFile(path.join(directory, 'examples', `${sheets[sheet]!.name}.csv`)));
    for (const share of shares) yield await packed(share, sources);
  } finally {
    for (const source of sources.values()) await source.close();
  }
}

/** Where the rows of each part lie. */
function sharesOf(dataset: ViewedDataset, step: number): Share[][] {
  const { indices, places } = dataset;
  const partOf = new Int32Array(indices.length);
  indices.forEach((index, i) => {
    partOf[places.get(index)!] = Math.floor(i / step);
  });
  const parts = Array.from({ length: Math.ceil(indices.length / step) }, (): Share[] => []);
  for (const rows of dataset.sheets.values()) {
    const shares = runsOf(rows, partOf);
    shares.forEach((runs, part) => void parts[part]!.push({ sheet: rows.sheet, runs }));
  }
  return parts;
}

/** By part; rows that follow each other in the file are one run. */
function runsOf({ examples, starts, sizes }: SheetRows, partOf: Int32Array): Map<number, Run[]> {
  const parts = new Map<number, Run[]>();
  let [part, run]: [number, Run] = [-1, { start: 0, end: 0 }];
  examples.forEach((example, r) => {
    const [start, end] = [starts[r]!, starts[r]! + sizes[r]!];
    if (partOf[example] === part && run.end === start) {
      run.end = end;
      return;
    }
    part = partOf[example]!;
    run = { start, end };
    const runs = parts.get(part) ?? [];
    parts.set(part, runs);
    runs.push(run);
  });
  return parts;
}

const compressed = promisify(gzip);

async function packed(shares: readonly Share[], sources: ReadonlyMap<number, ByteSource>): Promise<string> {
  const pieces: Buffer[] = [];
  const sizes: [sheet: number, bytes: number][] = [];
  for (const { sheet, runs } of shares) {
    const source = sources.get(sheet)!;
    let bytes = 0;
    for (const { start, end } of runs) {
      // The last record of a file may lack its line break.
      const piece = Buffer.allocUnsafe(Math.min(end, source.size) - start);
      await source.readInto(start, piece);
      pieces.push(piece);
      bytes += piece.length;
    }
    sizes.push([sheet, bytes]);
  }
  const head = Buffer.from(`${JSON.stringify(sizes)}\n`);
  return (await compressed(Buffer.concat([head, ...pieces]), { level: LEVEL })).toString('base64');
}
