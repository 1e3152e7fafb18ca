import { stream } from '../../src/random/stream.js';

/** Values that settings, sizes and names go wrong at. */
const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1,
  0.5,
  7,
  2 ** 31,
  2 ** 53,
  1e300,
  '',
  '0',
  '-1',
  '1e9',
  'image',
  'constructor',
  '__proto__',
  '../../etc/passwd',
  [],
  [-1],
  [[[]]],
  {},
  { __proto__: null, name: 'x' },
];

interface Spot {
  /** An object or a list. */
  in: Record<string | number, unknown>;
  key: string | number;
}

/** Every value inside a value, by where it stands. */
function spotsOf(value: unknown): Spot[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value);
  return entries.flatMap((key) => {
    const spot = { in: value as Spot['in'], key };
    return [spot, ...spotsOf(spot.in[key])];
  });
}

const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? 'null');

/** A damaged copy that is whole JSON: one to three values exchanged for others, given away, or doubled. */
export function mutateJson(original: Uint8Array, example: number): Buffer<ArrayBuffer> {
  const draws = stream({ seed: 0, purpose: 'fuzz-json', example });
  const below = (n: number) => Math.floor(draws.uniform() * n);
  const root: unknown = JSON.parse(Buffer.from(original).toString('utf8'));
  for (let times = 1 + below(3); times > 0; times--) {
    const spots = spotsOf(root);
    if (spots.length === 0) break;
    const [spot, other] = [spots[below(spots.length)]!, spots[below(spots.length)]!];
    const kind = below(4);
    if (kind === 0) spot.in[spot.key] = VALUES[below(VALUES.length)];
    else if (kind === 1) spot.in[spot.key] = copy(other.in[other.key]);
    else if (kind === 2) delete spot.in[spot.key];
    else if (Array.isArray(spot.in)) spot.in.push(copy(spot.in[spot.key]));
    else spot.in[`${spot.key}_again`] = copy(spot.in[spot.key]);
  }
  return Buffer.from(JSON.stringify(root));
}
