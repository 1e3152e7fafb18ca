import type { ImageFigure, NdArray } from '../../src/suite.js';
import type { Distal } from './distal.js';
import { strip } from './montage.js';
import type { Memorisation } from './neighbours.js';
import type { SampleSet } from './result.js';

/** Images in a line, and lines of a grid without classes. */
const WIDE = 10;
const HIGH = 5;

type Row = ImageFigure['rows'][number];

const idOf = (...parts: readonly string[]) => parts.join('-');

function imageOf({ data, shape }: NdArray<Float32Array>, i: number): Float32Array {
  const size = data.length / shape[0]!;
  return data.subarray(i * size, (i + 1) * size);
}

const picked = (set: SampleSet, at: readonly number[], columns?: number) =>
  strip(
    at.map((i) => imageOf(set.pixels, i)),
    set.system.shape,
    {},
    columns,
  );

/** With a minus sign, as the rest of the report has it. */
const fixed = (value: number, digits: number) => value.toFixed(digits).replace('-', '−');

const nameOf = (set: SampleSet, c: number) => set.system.classes[c] ?? String(c);

/** Chains in their order: of each class in turn, or the first of them all. Nothing is chosen. */
export function sampleGrid(set: SampleSet): ImageFigure[] {
  if (set.n === 0) return [];
  const all = Array.from({ length: set.n }, (_, i) => i);
  const { conditioned } = set;
  const lines = conditioned
    ? [...new Set(conditioned)]
        .sort((a, b) => a - b)
        .map((c) => ({ label: nameOf(set, c), at: all.filter((i) => conditioned[i] === c).slice(0, WIDE) }))
    : Array.from({ length: Math.min(HIGH, Math.ceil(set.n / WIDE)) }, (_, line) => {
        const at = all.slice(line * WIDE, (line + 1) * WIDE);
        const label = `${set.indices[at[0]!]} to ${set.indices[at.at(-1) ?? 0]}`;
        return { label: set.places ? '' : label, at };
      });
  const shown = lines.reduce((sum, { at }) => sum + at.length, 0);
  const longest = Math.max(...lines.map(({ at }) => at.length));
  return [
    {
      kind: 'images',
      id: idOf(set.name, set.system.name),
      title: `${titles[set.name]} of ${set.system.name}`,
      caption: set.places
        ? `${shown} of ${set.n} images, spread over the ${set.system.storedChains} of the buffer, not selected.`
        : `The first ${shown} of ${set.n}, not selected.`,
      columns: ['samples'],
      rows: lines.map(({ label, at }) => ({ label, cells: [picked(set, at, longest)] })),
    },
  ];
}

const titles: Readonly<Record<SampleSet['name'], string>> = {
  unconditional: 'Unconditional samples',
  conditional: 'Class-conditional samples',
  buffer: 'Replay buffer',
};

/** The samples with the highest and lowest log p(x), and p(y|x). */
export function extremes(set: SampleSet): ImageFigure[] {
  if (set.n < 2) return [];
  const lines = (what: string, values: ArrayLike<number>, digits: number): Row[] => {
    const sorted = Array.from({ length: set.n }, (_, i) => i).sort(
      (a, b) => values[b]! - values[a]! || a - b,
    );
    const line = (word: string, at: readonly number[]): Row => {
      const [first, last] = [at[0]!, at.at(-1) ?? at[0]!].map((i) => fixed(values[i]!, digits));
      return { label: `${word} ${what}, ${first} to ${last}`, cells: [picked(set, at)] };
    };
    return [line('highest', sorted.slice(0, WIDE)), line('lowest', sorted.slice(-WIDE))];
  };
  const probability = set.ofClass ?? set.own?.confidence;
  return [
    {
      kind: 'images',
      id: idOf('extremes', set.name, set.system.name),
      title: `Best and worst of ${set.system.name}, ${set.name}`,
      caption: `Of ${set.n} samples.${set.ofClass ? ' p(y|x) is of the class climbed.' : ''}`,
      columns: ['samples'],
      rows: [
        ...lines('log p(x)', set.logPx, 1),
        ...(probability ? lines(set.ofClass ? 'p(y|x)' : 'max p(y|x)', probability, 3) : []),
      ],
    },
  ];
}

/** Chains as they develop, with log p(x) at each look. */
export interface Strips {
  set: SampleSet;
  steps: readonly number[];
  /** (n): the chain, and its class where it climbs one. */
  indices: Int32Array;
  conditioned: Int32Array;
  /** (n, looks, C, H, W) */
  looks: NdArray<Float32Array>;
  /** (n, looks) */
  logPx: Float32Array;
}

export function filmStrips({ set, steps, indices, conditioned, looks, logPx }: Strips): ImageFigure {
  const flat = { shape: [indices.length * steps.length, ...looks.shape.slice(2)], data: looks.data };
  return {
    kind: 'images',
    id: idOf('strips', set.name, set.system.name),
    title: `${set.system.name}: chains as they develop, ${set.name}`,
    caption: 'Below each image: log p(x), up to a constant.',
    columns: steps.map((step) => (step === 0 ? 'start' : `step ${step}`)),
    rows: Array.from(indices, (index, i) => ({
      label: conditioned[i]! >= 0 ? nameOf(set, conditioned[i]!) : `chain ${index}`,
      cells: steps.map((_, k) => {
        const row = i * steps.length + k;
        return strip([imageOf(flat, row)], set.system.shape, { caption: fixed(logPx[row]!, 1) });
      }),
    })),
  };
}

/** Where each chain first passed the threshold; where none did, where it ended. One of each class. */
export function distalGrid(distal: Distal, threshold: number): ImageFigure[] {
  const { system, classes, steps, probability, images } = distal;
  const shown = [...new Set(classes)]
    .sort((a, b) => a - b)
    .map((c) => classes.indexOf(c))
    .slice(0, WIDE);
  if (shown.length === 0) return [];
  return [
    {
      kind: 'images',
      id: idOf('distal', system.name),
      title: `Distal adversarials of ${system.name}`,
      caption: `Noise that climbed p(y|x) of a class until it was above ${threshold}. Where it shows nothing of the class, the network is sure of what it has never seen.`,
      columns: shown.map((i) => system.classes[classes[i]!] ?? String(classes[i])),
      rows: [
        {
          label: 'first chain of each class',
          cells: shown.map((i) =>
            strip([images[i]!], system.shape, {
              caption: `${probability[i]!.toFixed(2)}${steps[i]! < 0 ? '' : `, step ${steps[i]}`}`,
              mark: steps[i]! < 0 ? 'bad' : 'ok',
            }),
          ),
        },
      ],
    },
  ];
}

/** The samples that are nearest to images of the other set, above those images. */
export function neighbourGrid({ set, neighbours }: Memorisation): ImageFigure[] {
  const { distance, among, pixels } = neighbours;
  const nearest = Array.from({ length: set.n }, (_, i) => i)
    .filter((i) => Number.isFinite(distance[i]))
    .sort((a, b) => distance[a]! - distance[b]! || a - b)
    .slice(0, WIDE);
  if (nearest.length === 0) return [];
  return [
    {
      kind: 'images',
      id: idOf('neighbours', set.name, set.system.name),
      title: `Samples of ${set.system.name} nearest to ${among}, ${set.name}`,
      caption: `The nearest of ${set.n}, L2 distance over pixels from ${distance[nearest[0]!]!.toFixed(2)} up.`,
      columns: [`beside ${among}`],
      rows: [
        { label: 'samples', cells: [picked(set, nearest)] },
        {
          label: `nearest in ${among}`,
          cells: [
            strip(
              nearest.map((i) => imageOf(pixels, i)),
              set.system.shape,
            ),
          ],
        },
      ],
    },
  ];
}
