import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { ACTIVATIONS } from '../../../src/checkpoints/keras/activations.js';
import { readMembers } from '../../../src/checkpoints/keras/archive.js';
import { LAYERS } from '../../../src/checkpoints/keras/layers/table.js';
import { readCheckpoint } from '../../../src/checkpoints/registry.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { temporaryFolder } from './files.js';
import { difference, outcome } from './outcome.js';

const data = fileURLToPath(new URL('./data/', import.meta.url));
const folder = temporaryFolder();
const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

/** Made by data/make.py with Keras itself: every layer in one model. */
const FILES = ['keras2.h5', 'keras3.keras', 'keras3.h5'];

function placed(name: string): string {
  const file = join(folder, name);
  const packed = name.endsWith('.h5');
  const bytes = readFileSync(join(data, packed ? `${name}.gz` : name));
  writeFileSync(file, packed ? gunzipSync(bytes) : bytes);
  return file;
}

interface Expected {
  keras: string;
  shape: number[];
  images: number[];
  logits: number[];
  gradient: number[];
}

describe('a model with every layer gives what Keras gives', () => {
  it.each(FILES)('%s', async (name) => {
    const [stem] = name.split('.');
    const wanted: Expected = JSON.parse(readFileSync(join(data, `${stem}.json`), 'utf8'));
    const { graph, format } = await readCheckpoint(placed(name));
    expect(format).toBe('keras');
    expect(graph.producer).toBe(`Keras ${wanted.keras}`);
    expect(graph.inputs).toEqual([{ name: 'image', type: 'float32', dims: ['N', 9, 10, 3] }]);
    const got = await outcome(engine, graph, Float32Array.from(wanted.images), wanted.shape);
    expect(difference(got.logits, wanted.logits)).toBeLessThan(1e-5);
    expect(difference(got.gradient, wanted.gradient)).toBeLessThan(1e-5);
  });
});

it('every row of the tables is in one of these models', async () => {
  // HDF5 holds the configuration as it is, the archive deflates it.
  const members = await readMembers(readFileSync(join(data, 'keras3.keras')), 'keras3.keras', [
    'config.json',
  ]);
  const configurations = [
    members.get('config.json') ?? [],
    gunzipSync(readFileSync(join(data, 'keras2.h5.gz'))),
  ]
    .map((bytes) => Buffer.from(bytes).toString('latin1'))
    .join('');
  // Known to TensorFlow.js alone: compared with it in ../tfjs/layers.test.ts. Keras writes hard_swish as hard_silu.
  const elsewhere = ['gelu_new', 'ThresholdedReLU', 'hard_swish'];
  const rows = [...LAYERS.keys(), ...Object.keys(ACTIVATIONS)].filter((row) => !elsewhere.includes(row));
  expect(rows.filter((row) => !configurations.includes(`"${row}"`))).toEqual([]);
});
