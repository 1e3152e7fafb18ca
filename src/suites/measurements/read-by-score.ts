import type { Capability } from '../../models/system.js';
import type { FitPart, Score, ScoreInputs, ScoreOptions } from '../../scores/score.js';
import { chosenRows } from '../chosen-rows.js';
import type { NdArray, Rows } from '../columns.js';
import { type Collected, type MeasureContext, type Request, request } from '../contract.js';
import { clean } from './clean.js';
import { features } from './features.js';
import { probeRequest } from './probe.js';
import type { TunedRows } from './tuned-options.js';

/** What scores read of images: measurements, and the capabilities that each is for. */
const readings = [
  { measurement: features, of: ['features'] },
  { measurement: clean, of: ['logits', 'logPx'] },
] as const satisfies readonly { measurement: unknown; of: readonly Capability[] }[];

const readingsFor = (needs: readonly Capability[]) =>
  readings.filter(({ of }) => of.some((capability) => needs.includes(capability)));

/** What is read of images for a score. */
export interface Reading extends Pick<Score, 'probe'> {
  needs: readonly Capability[];
}

/** To compute a score, and to fit it. */
export const toCompute = ({ reads, needs, probe }: Pick<Score, 'reads' | 'needs' | 'probe'>): Reading => ({
  needs: reads ?? needs,
  probe,
});
export const toFit = (score: Pick<Score, 'reads' | 'needs' | 'probe' | 'fit'>): Reading => ({
  ...toCompute(score),
  ...(score.fit?.needs && { needs: score.fit.needs }),
});

/**
 * Requests of all that is read of a data set: by needs, and then what the probe finds.
 * @param among as `probeRequest` has it
 */
export const readRequests = (
  { needs, probe }: Reading,
  among: readonly ScoreOptions[],
  on: { system: string; dataset: string },
  tuned?: Request<TunedRows>,
): Request[] => [
  ...readingsFor(needs).map(({ measurement }): Request => request({ measurement, ...on })),
  ...(probe ? [probeRequest(probe, among, on, tuned)] : []),
];

/** What the rows of these requests say of images. */
export function seenOf(
  { needs, probe }: Reading,
  given: readonly Rows[],
): Pick<ScoreInputs & FitPart, 'features' | 'logits' | 'logPx' | 'probed'> {
  const rows = probe ? given.slice(0, -1) : given;
  const probed = Object.entries(given.at(-1) ?? {}).map(([name, { data }]) => [name, data]);
  const all: Record<string, NdArray | undefined> = Object.assign({}, ...rows);
  const { features: seen, logits, logPx } = all;
  return {
    ...(needs.includes('features') && seen && { features: { ...sizes(seen, 'width'), data: seen.data } }),
    ...(needs.includes('logits') && logits && { logits: { ...sizes(logits, 'classes'), data: logits.data } }),
    ...(needs.includes('logPx') && logPx && { logPx: logPx.data }),
    ...(probe && { probed: Object.fromEntries(probed) }),
  };
}

const sizes = <Name extends string>({ shape: [n, of] }: NdArray, name: Name) =>
  ({ n, [name]: of }) as { n: number } & Record<Name, number>;

/**
 * What the rows of these requests say of a whole data set, part by part. An example that failed for one of them is left
 * out of all.
 */
export async function* fitParts(reading: Reading, parts: MeasureContext['parts']): AsyncGenerator<FitPart> {
  const count = readingsFor(reading.needs).length + (reading.probe ? 1 : 0);
  const streams = Array.from({ length: count }, (_, at) => parts(at)[Symbol.asyncIterator]());
  for (;;) {
    const next = await Promise.all(streams.map((stream) => stream.next()));
    const read = next.flatMap(({ value, done }) => (done ? [] : [value]));
    if (read.length === 0) return;
    if (read.length < streams.length) throw new Error('parts of one data set are not of the same examples');
    const common = inAll(read);
    const rows = read.map((one) => kept(one, common));
    const { indices, labels } = read[0]!;
    const own = placesOf(indices, common).map((at) => labels?.[at] ?? 0);
    yield { ...seenOf(reading, rows), labels: labels ? Int32Array.from(own) : new Int32Array(0) };
  }
}

type Part = Omit<Collected, 'request'>;

/** Source indices that all have. */
function inAll(parts: readonly Part[]): Int32Array {
  const [first, ...others] = parts as readonly [Part, ...Part[]];
  const sets = others.map(({ indices }) => new Set(indices));
  return first.indices.filter((index) => sets.every((set) => set.has(index)));
}

function placesOf(indices: Int32Array, targets: Int32Array): number[] {
  const place = new Map(Array.from(indices, (index, i) => [index, i]));
  return Array.from(targets, (index) => place.get(index) ?? 0);
}

const kept = ({ rows, indices }: Part, common: Int32Array): Rows =>
  common.length === indices.length ? rows : chosenRows(rows, placesOf(indices, common));
