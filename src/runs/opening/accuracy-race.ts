import type { Dataset, Examples } from '../../data/dataset.js';
import { argmaxOf } from '../../metrics/softmax.js';
import type { ModelCard } from '../../models/card/card.js';
import { allowance, SIXTH_DECIMAL } from '../../models/checks.js';
import type { System } from '../../models/system.js';

type Expect = NonNullable<ModelCard['expect']>;

/** The examples that settings are judged by, and what is asked of them. */
export interface AccuracyRace {
  dataset: Dataset;
  expect: Expect;
  /** How far from it accuracy may be. */
  allowed: number;
  /** Examples that are read. */
  n: number;
  /** For people: `98.00 % within 1.00 % on "test" (10000 examples)`. */
  wanted: string;
}

export interface Measured {
  reaches: boolean;
  /** For people: `98.12 %`, `61.20 % of the first 500`. */
  result: string;
}

/** Examples that are read at most: of larger data sets so many, spread evenly. */
const MOST_EXAMPLES = 10_000;

/** Examples after which it is looked whether the accuracy can still be reached. */
const ROUND = 500;

const percent = (value: number) => `${(100 * value).toFixed(2)} %`;

/** @param partial the data set is a part of the one that the card speaks of */
export function judgedOn(dataset: Dataset, expect: Expect, partial: boolean): AccuracyRace {
  const { size, name } = dataset.info;
  const n = Math.min(size, MOST_EXAMPLES);
  const allowed = allowance(expect, n, partial || n < size);
  const which = n < size ? `${n} of ${size} examples, spread evenly` : `${n} examples`;
  const wanted = `${percent(expect.accuracy)} within ${percent(allowed)} on "${name}" (${which})`;
  return { dataset, expect, allowed, n, wanted };
}

/** Clean accuracy, measured until it cannot be what is expected any more. Errors: those of data and model. */
export async function race(system: System, judged: AccuracyRace): Promise<Measured> {
  const { n, expect, allowed } = judged;
  const margin = allowed + SIXTH_DECIMAL;
  let right = 0;
  for (let seen = 0; seen < n; ) {
    const end = Math.min(n, seen + ROUND);
    right += await correctIn(system, await examplesOf(judged, seen, end));
    seen = end;
    const [least, most] = [right / n, (right + n - seen) / n];
    const lost = least > expect.accuracy + margin || most < expect.accuracy - margin;
    if (lost)
      return { reaches: false, result: `${percent(right / seen)}${seen < n ? ` of the first ${seen}` : ''}` };
  }
  return { reaches: true, result: percent(right / n) };
}

/** Examples start to end of the n that are spread evenly over the data set. */
async function examplesOf({ dataset, n }: AccuracyRace, start: number, end: number): Promise<Examples[]> {
  const { size } = dataset.info;
  if (n === size) return [await dataset.read(start, end)];
  const found: Examples[] = [];
  for (let i = start; i < end; i++) {
    const at = Math.floor((i * size) / n);
    found.push(await dataset.read(at, at + 1));
  }
  return found;
}

async function correctIn(system: System, parts: readonly Examples[]): Promise<number> {
  const classes = system.info.classes.length;
  const size = parts.reduce((total, { pixels }) => total + pixels.length, 0);
  const pixels = new Float32Array(size);
  const labels: number[] = [];
  let filled = 0;
  for (const part of parts) {
    pixels.set(part.pixels, filled);
    filled += part.pixels.length;
    labels.push(...(part.labels ?? []));
  }
  const { logits = new Float32Array() } = await system.forward({ n: labels.length, pixels });
  return labels.filter((label, i) => argmaxOf(logits, i * classes, classes) === label).length;
}
