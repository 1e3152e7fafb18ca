import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { networkOf } from '../../src/architectures/registry.js';
import type { Weights } from '../../src/architectures/weights.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { AssayError } from '../../src/errors.js';
import { floats } from '../../src/graph/tensor.js';
import { inspectCheckpoint } from '../../src/models/inspect.js';
import { openModel } from '../../src/models/open.js';
import { float32, torchZip } from '../checkpoints/torch-writer.js';

const engine = createOrtEngine({ sessions: 1 });
const folder = mkdtempSync(join(tmpdir(), 'assay-choices-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await engine.close();
});

type Shapes = Readonly<Record<string, readonly number[]>>;
const sizeOf = (dims: readonly number[]) => dims.reduce((a, d) => a * d, 1);

/** Weights of nothing but shapes: what is read off them is read off names and sizes. */
const weightsOf = (shapes: Shapes): Weights => ({
  file: 'network.pt',
  format: 'pytorch',
  from: '',
  others: [],
  versions: new Map(),
  tensors: new Map(
    Object.entries(shapes).map(([key, dims]) => [
      `${key}.weight`,
      floats([...dims], new Float32Array(sizeOf(dims))),
    ]),
  ),
});

function outcome(shapes: Shapes, shape: [number, number, number], more: object = {}) {
  try {
    return networkOf(weightsOf(shapes), { shape, architecture: { name: 'cnn', ...more } });
  } catch (error) {
    if (error instanceof AssayError) return error;
    throw error;
  }
}

/** Public networks by their layers: their names and sizes, and what their code has. */
const networks: [name: string, shapes: Shapes, shape: [number, number, number], truth: object][] = [
  [
    'the large network of convex_adversarial',
    {
      0: [32, 1, 3, 3],
      2: [32, 32, 4, 4],
      4: [64, 32, 3, 3],
      6: [64, 64, 4, 4],
      9: [512, 64 * 49],
      11: [512, 512],
      13: [10, 512],
    },
    [1, 28, 28],
    { stride: [1, 2, 1, 2], padding: [1, 1, 1, 1], poolAfter: [] },
  ],
  [
    'ConvSmall of ERAN and mn-bab',
    { 0: [16, 1, 4, 4], 2: [32, 16, 4, 4], 5: [100, 800], 7: [10, 100] },
    [1, 28, 28],
    { stride: [2, 2], padding: [0, 0], poolAfter: [] },
  ],
  [
    'an energy model of a public course, whose first layer pads by 4',
    {
      'cnn_layers.0': [16, 1, 5, 5],
      'cnn_layers.2': [32, 16, 3, 3],
      'cnn_layers.4': [64, 32, 3, 3],
      'cnn_layers.6': [64, 64, 3, 3],
      'cnn_layers.9': [64, 256],
      'cnn_layers.11': [1, 64],
    },
    [1, 28, 28],
    { stride: [2, 2, 2, 2], padding: [4, 1, 1, 1], poolAfter: [] },
  ],
  [
    'a LeNet of other widths',
    { conv1: [3, 1, 5, 5], conv2: [4, 3, 5, 5], fc1: [12, 100], fc2: [3, 12] },
    [1, 28, 28],
    { stride: [1, 1], padding: [2, 0], poolAfter: [1, 2] },
  ],
];

describe('plain networks whose sizes fit several settings', () => {
  it.each(networks)('%s: the run stops, and the truth is listed', async (_, shapes, shape, truth) => {
    const error = outcome(shapes, shape);
    expect(error).toBeInstanceOf(AssayError);
    const { code, details } = error as AssayError;
    expect([code, details.path]).toEqual(['config-invalid', 'architecture.stride']);
    // The lines of the error are ready for the card: the first is one that works.
    const lines = (details.also ?? []).filter((line) => line.startsWith('architecture:'));
    expect(lines.length).toBeGreaterThan(1);
    const { name: _name, ...first } = parse(lines[0]!).architecture;
    expect(outcome(shapes, shape, first)).toMatchObject({ architecture: first });
    // And what the code has is a card that works, and among what inspect lists.
    expect(outcome(shapes, shape, truth)).toMatchObject({ architecture: truth });
    const file = join(folder, 'several.pt');
    const tensors = Object.entries(shapes).map(([key, dims]) => [
      `${key}.weight`,
      float32(dims, new Float32Array(sizeOf(dims)).fill(0.01)),
    ]);
    writeFileSync(file, torchZip(Object.fromEntries(tensors)));
    const { card } = await inspectCheckpoint(file, engine);
    const listed = [...card.matchAll(/^# (architecture: .*)$/gm)].map(
      ([, line]) => parse(line!).architecture,
    );
    expect(listed).toContainEqual(expect.objectContaining(truth));
    // The card as it is does not run; with the line in place of its own it does.
    const open = (text: string) =>
      openModel({ ...parse(text), classes: 10, checkpoint: file }, engine).then((model) => model.close());
    await expect(open(card)).rejects.toMatchObject({ code: 'config-invalid' });
  });

  it('a card with the line of one runs', async () => {
    const file = join(folder, 'line.pt');
    const layers: Shapes = { conv1: [2, 1, 5, 5], conv2: [3, 2, 5, 5], fc1: [10, 75] };
    const tensors = Object.entries(layers).map(([key, dims]) => [
      `${key}.weight`,
      float32(dims, new Float32Array(sizeOf(dims)).fill(0.01)),
    ]);
    writeFileSync(file, torchZip(Object.fromEntries(tensors)));
    const { card, notes } = await inspectCheckpoint(file, engine);
    expect(notes.join()).toMatch(/settings of stride, padding, poolAfter fit/);
    const [, line] = /^# (architecture: .*)$/m.exec(card) ?? [];
    const chosen = card.replace(/^architecture: .*$/m, line ?? '');
    await (await openModel({ ...parse(chosen), checkpoint: file }, engine)).close();
  });

  it('what fits nothing says what was asked, and paddings of one layer alone are found', () => {
    const none = outcome({ conv1: [4, 1, 3, 3], fc1: [3, 7] }, [1, 28, 28]) as AssayError;
    expect(none.code).toBe('shape-mismatch');
    expect(none.explain()).toMatch(/"fc1" reads 7 numbers[\s\S]*fix .*stride: \.\.\., padding/);
    const shapes = { conv1: [4, 1, 3, 3], conv2: [5, 4, 3, 3], fc1: [3, 5 * 26 * 26] };
    expect(outcome(shapes, [1, 28, 28], { padding: [1, 0] })).toMatchObject({
      architecture: { stride: [1, 1], padding: [1, 0], poolAfter: [] },
    });
  });

  it('numbers in names that leave no room for a pool rule it out', () => {
    const sizes = (a: string, b: string, c: string): Shapes => ({
      [a]: [4, 3, 3, 3],
      [b]: [5, 4, 3, 3],
      [c]: [3, 5 * 64],
    });
    const pools = (shapes: Shapes) =>
      ((outcome(shapes, [3, 32, 32]) as AssayError).details.also ?? []).filter(
        (line) => !/poolAfter: \[\]/.test(line),
      );
    expect(pools(sizes('0', '2', '5'))).toEqual([]);
    expect(pools(sizes('0', '3', '7')).length).toBeGreaterThan(0);
  });
});

const layer = fc.record({
  kernel: fc.constantFrom(2, 3, 4, 5),
  stride: fc.constantFrom(1, 2),
  same: fc.boolean(),
  pooled: fc.boolean(),
});

it('the settings that shaped a network are always among those that fit', () => {
  fc.assert(
    fc.property(fc.array(layer, { minLength: 1, maxLength: 3 }), fc.constantFrom(28, 32), (layers, side) => {
      const shapes: Record<string, number[]> = {};
      let [n, at]: [number, number] = [side, 0];
      layers.forEach(({ kernel, stride, same, pooled }, i) => {
        shapes[at] = [i + 2, i + 1, kernel, kernel];
        n = Math.floor((n + 2 * (same ? Math.floor((kernel - 1) / 2) : 0) - kernel) / stride) + 1;
        if (pooled) n = Math.floor(n / 2);
        at += pooled ? 3 : 2;
      });
      fc.pre(n > 0);
      shapes[at + 1] = [3, (layers.length + 1) * n * n];
      const truth = {
        stride: layers.map(({ stride }) => stride),
        padding: layers.map(({ kernel, same }) => (same ? Math.floor((kernel - 1) / 2) : 0)),
        poolAfter: layers.flatMap(({ pooled }, i) => (pooled ? [i + 1] : [])),
      };
      expect(outcome(shapes, [1, side, side], truth)).toMatchObject({ architecture: truth });
      const found = outcome(shapes, [1, side, side]);
      if (found instanceof AssayError) expect(found.details.also?.length).toBeGreaterThan(1);
      else expect(found.architecture).toMatchObject(truth);
    }),
    { numRuns: 150 },
  );
});
