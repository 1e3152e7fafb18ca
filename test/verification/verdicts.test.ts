import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder } from '../../src/graph/build.js';
import { writeOnnx } from '../../src/graph/write.js';
import { type Stream, stream } from '../../src/random/stream.js';
import { openNetwork } from '../../src/verification/network.js';
import { answerOf } from './answers.js';
import { type RandomLayer, randomLayers } from './random.js';

const LONG = Boolean(process.env.ASSAY_LONG);
const engine = createOrtEngine({ sessions: 1, threads: 1 });
const at = mkdtempSync(join(tmpdir(), 'assay-verdicts-'));
afterAll(async () => {
  await engine.close();
  rmSync(at, { recursive: true, force: true });
});

/** Points of each box that are tried: some of its corners, and others. */
const POINTS = 512;

/** A box, and conditions on outputs in it: coefficients in quarters, and a decimal that is no more than their sum, or no less. */
interface Alternative {
  lower: number[];
  upper: number[];
  conditions: { coefficients: number[]; op: '<=' | '>='; threshold: string }[];
}

const exactly = (x: number): bigint => BigInt(x * 2 ** 149);
/** The sign of a sum of quarters of float32 numbers less a decimal without exponent: all times 2^151 10^places. */
function signOf(coefficients: readonly number[], outputs: readonly number[], threshold: string): number {
  const [whole, places = ''] = threshold.split('.');
  const sum = coefficients.reduce((all, c, i) => all + BigInt(4 * c) * exactly(outputs[i]!), 0n);
  const difference = sum * 10n ** BigInt(places.length) - BigInt(`${whole}${places}`) * 2n ** 151n;
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}
const isMet = ({ conditions }: Alternative, outputs: readonly number[]) =>
  outputs.every(Number.isFinite) &&
  conditions.every(({ coefficients, op, threshold }) => {
    const sign = signOf(coefficients, outputs, threshold);
    return op === '<=' ? sign <= 0 : sign >= 0;
  });

function textOf(alternatives: readonly Alternative[], inputs: number, outputs: number): string {
  const names = [
    ...Array.from({ length: inputs }, (_, i) => `X_${i}`),
    ...Array.from({ length: outputs }, (_, i) => `Y_${i}`),
  ];
  const parts = alternatives.map(({ lower, upper, conditions }) => {
    const ends = lower.flatMap((low, i) =>
      low === upper[i] ? [`(= X_${i} ${low})`] : [`(>= X_${i} ${low})`, `(<= X_${i} ${upper[i]})`],
    );
    const own = conditions.map(
      ({ coefficients, op, threshold }) =>
        `(${op} (+ ${coefficients.map((c, i) => `(* ${c} Y_${i})`).join(' ')}) ${threshold})`,
    );
    return `(and ${[...ends, ...own].join(' ')})`;
  });
  return `${names.map((name) => `(declare-const ${name} Real)`).join('\n')}\n(assert (or ${parts.join('\n')}))`;
}

const byDefinition = (layers: readonly RandomLayer[], x: readonly number[]) =>
  layers.reduce<{ value: number[]; largest: number }>(
    ({ value, largest }, layer) => {
      const next = layer.at(value);
      return { value: next, largest: Math.max(largest, ...next.map(Math.abs)) };
    },
    { value: [...x], largest: 1 },
  );

function pointOf({ lower, upper }: Alternative, draws: Stream): number[] {
  const corner = draws.uniform() < 0.5;
  return lower.map((low, i) => {
    const u = corner ? Math.round(draws.uniform()) : draws.uniform();
    return Math.fround(Math.min(upper[i]!, Math.max(low, low + u * (upper[i]! - low))));
  });
}

/** Ends are numbers of float32, so that the points of a box are those between. */
function alternativeOf(
  draws: Stream,
  layers: readonly RandomLayer[],
  inputs: number,
  outputs: number,
): Alternative {
  const pick = <T>(all: readonly T[]) => all[Math.floor(draws.uniform() * all.length)]!;
  const lower = Array.from({ length: inputs }, () =>
    Math.fround(pick([1, 1, 1e-3, 100]) * (2 * draws.uniform() - 1)),
  );
  const upper = lower.map((low) => Math.fround(low + pick([0, 1e-6, 0.01, 0.3, 1, 4]) * draws.uniform()));
  const box = { lower, upper, conditions: [] };
  const reached = Array.from({ length: 40 }, () => byDefinition(layers, pointOf(box, draws)).value);
  const conditions = Array.from({ length: 1 + Math.floor(draws.uniform() * 2) }, () => {
    const coefficients = Array.from({ length: outputs }, () => pick([0, 1, 1, -1, 0.25, -3]));
    const values = reached.map((y) => coefficients.reduce((sum, c, i) => sum + c * y[i]!, 0));
    const op = pick(['<=', '>='] as const);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    // What is reached, what just is not, and what is met all over.
    const end = op === '<=' ? least : most;
    const away = (op === '<=' ? -1 : 1) * (most - least + 1e-3 * Math.abs(end) + 1e-6);
    const threshold = end + away * pick([-0.5, -0.01, 0, 1e-4, 0.01, 0.1, 0.5, 2]);
    return {
      coefficients,
      op,
      threshold: pick([threshold, Math.fround(threshold)]).toFixed(pick([3, 9, 30])),
    };
  });
  return { lower, upper, conditions };
}

async function isRight(seed: number): Promise<'sat' | 'unsat' | 'unknown' | 'timeout'> {
  const draws = stream({ seed, purpose: 'test/verdicts', example: 0 });
  const [inputs, outputs] = [1 + Math.floor(draws.uniform() * 4), 1 + Math.floor(draws.uniform() * 3)];
  const layers = randomLayers(draws, inputs, outputs);
  const b = new GraphBuilder('verdicts');
  b.outputAs(
    layers.reduce((x, layer) => layer.add(b, x), b.input('x', 'float32', ['N', inputs])),
    'y',
  );
  const file = join(at, 'network.onnx');
  writeFileSync(file, writeOnnx({ ...b.build(), opsets: { '': 20 } }));
  const alternatives = Array.from({ length: 1 + Math.floor(draws.uniform() * 2) }, () =>
    alternativeOf(draws, layers, inputs, outputs),
  );
  const text = textOf(alternatives, inputs, outputs);
  const what = () => `seed ${seed}: ${layers.map((layer) => layer.what).join(', ')}\n${text}`;
  const probes = Float32Array.from([0, 1, 2].flatMap(() => pointOf(alternatives[0]!, draws)));
  const network = await openNetwork(engine, file, { inputs, outputs, file: 'a.vnnlib' }, probes);
  try {
    const answer = await answerOf(network, text, { checks: 60 });
    if (answer === 'timeout') return 'timeout';
    if (answer.verdict === 'sat') {
      const [x, y] = [[...answer.witness.inputs], [...answer.witness.outputs]];
      const inside = alternatives.filter(({ lower, upper }) =>
        x.every((value, i) => value >= lower[i]! && value <= upper[i]!),
      );
      if (!inside.some((one) => isMet(one, y))) throw new Error(`no witness: ${x} gives ${y}. ${what()}`);
      const { value, largest } = byDefinition(layers, x);
      if (value.some((exact, i) => !(Math.abs(exact - y[i]!) <= 1e-4 * largest)))
        throw new Error(`the network gives ${value} of ${x}, and not ${y}. ${what()}`);
    }
    if (answer.verdict === 'unsat')
      for (const one of alternatives)
        for (let from = 0; from < POINTS; from += network.batch) {
          const points = Array.from({ length: network.batch }, () => pointOf(one, draws));
          const found = [...(await network.forward(Float32Array.from(points.flat())))];
          points.forEach((x, i) => {
            const own = found.slice(i * outputs, (i + 1) * outputs);
            if (isMet(one, own) || isMet(one, byDefinition(layers, x).value.map(Math.fround)))
              throw new Error(`unsat by ${answer.by}, and ${x} gives ${own}. ${what()}`);
          });
        }
    return answer.verdict;
  } finally {
    await network.close();
  }
}

it('no verdict on random networks and properties is wrong', {
  tags: ['long'],
  timeout: 3_600_000,
}, async () => {
  const counts = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), async (seed) => {
      const verdict = await isRight(seed);
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
    }),
    { seed: 15, numRuns: LONG ? 3000 : 12, endOnFailure: true },
  );
  for (const verdict of ['sat', 'unsat']) expect(counts.get(verdict) ?? 0).toBeGreaterThan(LONG ? 300 : 1);
  if (LONG) console.info(`verdicts: ${[...counts].map(([verdict, n]) => `${n} ${verdict}`).join(', ')}`);
});
