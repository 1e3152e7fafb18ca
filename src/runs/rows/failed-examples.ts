import type { Examples } from '../../data/dataset.js';
import { NotFinite } from '../../models/finite.js';
import { chosen, chosenRows, zerosLike } from '../../suites/chosen-rows.js';
import type { NdArray, Rows } from '../../suites/columns.js';
import type { Collected, FailedExample } from '../../suites/contract.js';

/** What a unit measures, or a part of it. */
export interface Part {
  examples: Examples;
  /** Rows of other measurements, of the same examples. */
  inputs: readonly Rows[];
}

/** Examples of a unit without a result, by position, and why; the first reason counts. */
export class Failures {
  private readonly found = new Map<number, string>();
  private readonly errors = new Map<number, NotFinite>();

  enter(position: number, what: string | NotFinite): void {
    if (this.found.has(position)) return;
    if (typeof what !== 'string') this.errors.set(position, what);
    this.found.set(position, typeof what === 'string' ? what : reasonOf(what));
  }

  /** Has the first example say at which node it begins; a run of the network each is too dear for the others. */
  async locateFirst(): Promise<void> {
    const first = Math.min(...this.found.keys());
    const node = await this.errors.get(first)?.origin?.();
    if (node !== undefined) this.found.set(first, `${this.found.get(first)}, first at ${node}`);
  }

  has(position: number): boolean {
    return this.found.has(position);
  }

  of(indices: Int32Array): FailedExample[] {
    return [...this.found]
      .sort(([a], [b]) => a - b)
      .map(([position, what]) => ({ example: indices[position]!, what }));
  }
}

/** Rows of some examples of a unit, by position. */
export interface MeasuredPart {
  positions: readonly number[];
  rows: Rows;
}

type Measure = (part: Part, fail: (position: number, error: NotFinite) => void) => Promise<Rows>;

/**
 * Measures all examples but those that have failed. Where a network gives no number for some example, halves are
 * measured again until it is found alone: what the others get does not depend on the examples beside them. Rows of
 * failed examples are zeros.
 * @param known what is there already, and is not measured again
 * Errors: those of `measure`, but for `NotFinite`.
 */
export async function isolating(
  whole: Part,
  failures: Failures,
  measure: Measure,
  known: readonly MeasuredPart[] = [],
): Promise<Rows> {
  const { n } = whole.examples;
  const found: MeasuredPart[] = [...known];
  const there = new Set(known.flatMap(({ positions }) => positions));
  const attempt = async (positions: readonly number[]): Promise<void> => {
    if (positions.length === 0) return;
    const part = positions.length === n ? whole : partOf(whole, positions);
    try {
      const fail = (at: number, error: NotFinite) => failures.enter(positions[at]!, error);
      found.push({ positions, rows: await measure(part, fail) });
    } catch (error) {
      if (!(error instanceof NotFinite)) throw error;
      if (positions.length === 1) {
        failures.enter(positions[0]!, error);
        return;
      }
      const half = Math.ceil(positions.length / 2);
      await attempt(positions.slice(0, half));
      await attempt(positions.slice(half));
    }
  };
  await attempt(Array.from({ length: n }, (_, i) => i).filter((i) => !failures.has(i) && !there.has(i)));
  if (found.length === 1 && found[0]!.positions.length === n) return found[0]!.rows;
  return placed(found, n);
}

const reasonOf = ({ message, details: { found } }: NotFinite): string =>
  found?.includes('position') ? `${message} (${found})` : message;

function partOf({ examples, inputs }: Part, positions: readonly number[]): Part {
  const { pixels, labels, indices } = examples;
  const column = { shape: [examples.n], data: indices };
  return {
    examples: {
      ...examples,
      n: positions.length,
      pixels: chosen({ shape: [examples.n], data: pixels }, positions).data as Float32Array,
      indices: chosen(column, positions).data as Int32Array,
      ...(labels && { labels: chosen({ ...column, data: labels }, positions).data as Int32Array }),
    },
    inputs: inputs.map((rows) => chosenRows(rows, positions)),
  };
}

/** Without examples that could not be made. */
export function soundImages(examples: Examples): Examples {
  const failed = failedIn(examples);
  if (failed.size === 0) return examples;
  const { failed: _, ...rest } = examples;
  const kept = Array.from(examples.indices.keys()).filter((i) => !failed.has(examples.indices[i]!));
  return partOf({ examples: rest, inputs: [] }, kept).examples;
}

/** Rows of parts at their positions among n, zeros elsewhere. */
function placed(parts: readonly MeasuredPart[], n: number): Rows {
  const all: Record<string, NdArray> = {};
  for (const { positions, rows } of parts)
    for (const [
      name,
      {
        shape: [count, ...rest],
        data,
      },
    ] of Object.entries(rows)) {
      const width = data.length / count!;
      all[name] ??= { shape: [n, ...rest], data: zerosLike(data, n * width) };
      const { data: into } = all[name];
      positions.forEach((to, from) => {
        into.set(data.subarray(from * width, (from + 1) * width), to * width);
      });
    }
  return all;
}

/** Source indices of the examples that failed. */
export const failedIn = ({ failed = [] }: Pick<Collected, 'failed'>): ReadonlySet<number> =>
  new Set(failed.map(({ example }) => example));

/** The rows of all examples but some, given by source index. */
export function withoutFailed<T extends Omit<Collected, 'request'>>(
  collected: T,
  failed: ReadonlySet<number>,
): T {
  if (failed.size === 0) return collected;
  const { rows, indices, labels } = collected;
  const kept = Array.from(indices.keys()).filter((i) => !failed.has(indices[i]!));
  return {
    ...collected,
    rows: chosenRows(rows, kept),
    indices: Int32Array.from(kept, (i) => indices[i]!),
    ...(labels && { labels: Int32Array.from(kept, (i) => labels[i]!) }),
  };
}
