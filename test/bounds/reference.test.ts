// @module-tag slow
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../src/bounds/certify.js';
import { ballsAround, marginRows } from '../../src/bounds/margins.js';
import type { Network } from '../../src/bounds/network/network.js';
import { readCheckpoint } from '../../src/checkpoints/registry.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { contractOf } from '../../src/models/card/contract.js';
import { prepare } from '../../src/models/graph/prepare.js';
import { readReference } from '../models/npz.js';

const reference = resolve('../shared/reference/bounds');
if (!existsSync(reference))
  console.warn(`\n!!! ${reference} is absent: bounds are NOT compared with auto_LiRPA !!!\n`);

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const MNIST = [1, 28, 28];
const OTHERS = 9;

interface Case {
  model: string;
  eps: string;
  shape: readonly number[];
  method: Method;
  /** Images, the first of those in the file. */
  n: number;
  /** Of these; as the README there says. */
  certified: number;
  /**
   * Some inner numbers are 0 for certain by intervals, and are not walked back from; there, where walks bound them by more, ours are
   * the tighter bounds: with walks from these too, they are those of the file to 1e-6.
   */
  tighter?: boolean;
}

const of = (model: string, eps: string, counts: readonly [Method, number, number][], shape = MNIST): Case[] =>
  counts.map(([method, n, certified]) => ({ model, eps, shape, method, n, certified }));

const CIFAR = [3, 32, 32];

const CASES: readonly Case[] = [
  ...of('mlp', '0.02', [
    ['ibp', 20, 2],
    ['crown-ibp', 20, 20],
    ['crown', 20, 20],
  ]),
  ...of('mlp', '0.05', [
    ['ibp', 20, 0],
    ['crown-ibp', 20, 7],
    ['crown', 20, 20],
  ]),
  ...of('cnn', '0.02', [
    ['ibp', 20, 0],
    ['crown-ibp', 20, 15],
    ['crown', 4, 4],
  ]),
  ...of('cnn', '0.05', [
    ['ibp', 20, 0],
    ['crown-ibp', 20, 0],
  ]),
  ...of(
    'resnet-leaky',
    '1over255',
    [
      ['ibp', 4, 0],
      ['crown-ibp', 4, 0],
    ],
    CIFAR,
  ),
  ...of('trades-mnist', '0.01', [
    ['ibp', 4, 0],
    ['crown-ibp', 4, 0],
  ]),
];

/** Walks back from thousands of numbers. */
const LONG: readonly Case[] = [
  ...of('cnn', '0.02', [['crown', 20, 18]]),
  ...of('cnn', '0.05', [['crown', 20, 15]]),
  ...of('resnet-leaky', '1over255', [['crown', 5, 3]], CIFAR),
  ...of('trades-mnist', '0.01', [
    ['ibp', 20, 0],
    ['crown-ibp', 20, 0],
    ['crown', 8, 8],
  ]),
  ...of('trades-mnist', '0.05', [['crown', 8, 6]]).map((one) => ({ ...one, tighter: true })),
];

async function networkOf(name: string, shape: readonly number[]): Promise<Network> {
  const checkpoint = name.startsWith('trades')
    ? resolve('../shared/reference/trained', `${name}.pt`)
    : join(reference, `${name}.onnx`);
  const contract = contractOf({ name, checkpoint, input: { shape: [...shape] }, classes: OTHERS + 1 });
  const { graph } = await readCheckpoint(checkpoint, undefined, { shape: contract.shape });
  const prepared = await prepare(engine, graph, contract, checkpoint);
  return { graph: prepared.graph, pixels: prepared.pixels, shape, logits: prepared.outputs.logits ?? '' };
}

type Asked = Pick<Case, 'model' | 'eps' | 'shape' | 'n'>;

/** What is known of the first images of a file, and their bounds as we have them. */
async function bothOf({ model, eps, shape, n }: Asked) {
  const arrays = readReference(join(reference, `${model}_eps${eps}.npz`));
  const size = shape.reduce((product, d) => product * d, 1);
  const boxes = ballsAround(
    n,
    Float32Array.from(arrays.x!.data.subarray(0, n * size)),
    arrays.eps!.data[0]!,
    'Linf',
  );
  const rows = marginRows(Int32Array.from(arrays.y!.data.subarray(0, n)), OTHERS + 1);
  const network = await networkOf(model, shape);
  return {
    known: (method: Method) => arrays[`lb_${method.replace('-', '_')}`]!.data.subarray(0, n * OTHERS),
    attacked: arrays.min_pgd!.data,
    boundsOf: async (method: Method, outward: boolean) => {
      const programs = await BoundPrograms.of(engine, network, { outward });
      const found = await programs.lowerBounds(boxes, rows, OTHERS, method);
      await programs.close();
      return found;
    },
  };
}

async function compare({ method, n, certified, tighter, ...asked }: Case): Promise<void> {
  const both = await bothOf({ ...asked, n });
  const [known, attacked] = [both.known(method), both.attacked];
  const boundsOf = (outward: boolean) => both.boundsOf(method, outward);
  const plain = await boundsOf(false);
  const scale = known.reduce((most, bound) => Math.max(most, Math.abs(bound)), 0);
  known.forEach((bound, i) => {
    expect(bound - plain.bound[i]!).toBeLessThan(1e-4 * scale);
    if (!tighter) expect(plain.bound[i]! - bound).toBeLessThan(1e-4 * scale);
  });
  const sound = await boundsOf(true);
  known.forEach((bound, i) => {
    expect(sound.bound[i]! - sound.rounding[i]!).toBeLessThanOrEqual(tighter ? attacked[i]! : bound);
  });
  const least = Array.from({ length: n }, (_, image) =>
    Math.min(
      ...Array.from({ length: OTHERS }, (__, j) => {
        const at = image * OTHERS + j;
        return sound.bound[at]! - sound.rounding[at]!;
      }),
    ),
  );
  // What rounding takes costs no image its certificate.
  expect(least.filter((margin) => margin > 0)).toHaveLength(certified);
}

const mean = (numbers: Float64Array) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

describe.skipIf(!existsSync(reference))('bounds of margins, as auto_LiRPA has them in float64', () => {
  it.each(CASES)('$model at $eps by $method', compare);

  it.each([
    ['0.02', 9.489206],
    ['0.05', 7.04173],
  ])(
    'mlp at %s by alpha-crown: nowhere looser than its CROWN, and as tight as slopes can be',
    async (eps, best) => {
      const n = 6;
      const { known, attacked, boundsOf } = await bothOf({ model: 'mlp', eps, shape: MNIST, n });
      const crown = known('crown');
      const plain = await boundsOf('alpha-crown', false);
      const scale = crown.reduce((most, bound) => Math.max(most, Math.abs(bound)), 0);
      crown.forEach((bound, i) => {
        expect(bound - plain.bound[i]!).toBeLessThan(1e-4 * scale);
      });
      // What 300 steps of Adam in PyTorch, in float64, make of the same lines, of these images; the file has more for some margins.
      expect(mean(plain.bound)).toBeCloseTo(best, 4);
      const sound = await boundsOf('alpha-crown', true);
      const least = sound.bound.map((bound, i) => bound - sound.rounding[i]!);
      least.forEach((bound, i) => {
        expect(bound).toBeLessThanOrEqual(attacked[i]!);
      });
      expect(least.every((bound) => bound > 0)).toBe(true);
    },
  );

  it.runIf(process.env.ASSAY_LONG).each(LONG)(
    '$model at $eps by $method, all images',
    { tags: ['long'], timeout: 1_200_000 },
    compare,
  );
});
