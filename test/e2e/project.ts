import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { stringify } from 'yaml';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import { GraphBuilder, int } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { stream } from '../../src/random/stream.js';
import type { Results } from '../../src/suites/results.js';

export const CLASSES = ['left', 'middle', 'right'];
const SIDE = 6;
const PIXELS = SIDE * SIDE;

/** Grey images of noise with a brighter third: left, middle or right. */
export function images(n: number, purpose: string): { pixels: Uint8Array; labels: Uint8Array } {
  const labels = Uint8Array.from({ length: n }, (_, i) => i % 3);
  const pixels = new Uint8Array(n * PIXELS);
  for (let i = 0; i < n; i++) {
    const noise = stream({ seed: 1, purpose, example: i });
    for (let p = 0; p < PIXELS; p++) {
      const bright = Math.floor((p % SIDE) / 2) === labels[i] ? 90 : 0;
      pixels[i * PIXELS + p] = Math.floor(noise.uniform() * 160) + bright;
    }
  }
  return { pixels, labels };
}

/** An .npz of (n, side, side, 1) images and, unless left out, labels. */
export function npz(
  arrays: { pixels: Uint8Array | Float32Array; labels?: Uint8Array },
  side = SIDE,
): Uint8Array {
  const { pixels, labels } = arrays;
  const n = pixels.length / (side * side);
  const files = {
    'images.npy': encodeNpy({ shape: [n, side, side, 1], data: pixels }),
    ...(labels && { 'labels.npy': encodeNpy({ shape: [n], data: labels }) }),
  };
  // A fixed time: the same data are the same bytes.
  return zipSync(files, { mtime: '2026-01-01T00:00:00Z' });
}

export interface Network {
  /** Of the logits. */
  gain?: number;
  /** What becomes of the logits; names the output itself. */
  head?(b: GraphBuilder, logits: string, image: string): void;
}

/** Logits are the sums of the thirds, through a Relu, so that there is something to differentiate. */
export function network({ gain = 0.6, head }: Network = {}): Graph {
  const b = new GraphBuilder();
  const image = b.input('image', 'float32', ['N', 1, SIDE, SIDE]);
  const weight = Float32Array.from({ length: PIXELS * 3 }, (_, at) =>
    Math.floor((Math.floor(at / 3) % SIDE) / 2) === at % 3 ? gain : 0,
  );
  const sums = b.op('MatMul', [
    b.op('Flatten', [image], { axis: int(1) }),
    b.constant(floats([PIXELS, 3], weight), 'weight'),
  ]);
  const logits = b.op('Relu', [sums]);
  if (head) head(b, logits, image);
  else b.outputAs(logits, 'logits', 'float32', ['N', 3]);
  return b.build();
}

export const card = (name: string, more: object = {}) => ({
  name,
  checkpoint: `./${name}.onnx`,
  input: { shape: [1, SIDE, SIDE] },
  classes: CLASSES,
  ...more,
});

export const ATTACK = { norm: 'Linf', method: 'pgd', steps: 3, epsilons: ['8/255', '16/255'] };

/** A run of two models on a test set and a far one. */
export const runFile = (more: object = {}) => ({
  name: 'small',
  models: ['./sharp.model.yaml', './flat.model.yaml'],
  datasets: { test: { path: './test.npz' }, noise: { path: './noise.npz', role: 'ood', distance: 'far' } },
  suites: ['accuracy', { calibration: { resamples: 100 } }, { ood: { resamples: 100 } }, { attack: ATTACK }],
  ...more,
});

/** Writes models, data and a run file into a folder. */
export function project(folder: string, more: object = {}, n = 60): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, gain] of Object.entries({ sharp: 1.2, flat: 0.3 })) {
    writeFileSync(join(folder, `${name}.onnx`), writeOnnx(network({ gain })));
    writeFileSync(join(folder, `${name}.model.yaml`), stringify(card(name)));
  }
  writeFileSync(join(folder, 'test.npz'), npz(images(n, 'test')));
  const noise = stream({ seed: 2, purpose: 'noise', example: 0 });
  const pixels = Uint8Array.from({ length: 30 * PIXELS }, () => Math.floor(256 * noise.uniform()));
  writeFileSync(join(folder, 'noise.npz'), npz({ pixels }));
  const file = join(folder, 'small.run.yaml');
  writeFileSync(file, stringify(runFile(more)));
  return file;
}

export const unitFiles = (out: string): string[] =>
  readdirSync(join(out, 'units'))
    .filter((name) => name.endsWith('.unit'))
    .sort();

/** results.json without its times. */
export function savedResults(out: string): Omit<Results, 'created' | 'seconds'> {
  const results: Results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  const { created: _, seconds: __, ...rest } = results;
  return { ...rest, costs: rest.costs.map((cost) => ({ ...cost, seconds: 0 })) };
}
