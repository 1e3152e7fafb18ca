// @module-tag slow
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { type Network, openNetwork } from '../../src/verification/network.js';
import { witnessText } from '../../src/verification/witness.js';
import { answerOf, expectWitness } from './answers.js';
import { layersOf } from './dialects.js';
import { boxText, type Exact, graphOf, type Rectangle, randomNetwork, rangeOf } from './exact.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
const at = mkdtempSync(join(tmpdir(), 'assay-verify-'));
afterAll(async () => {
  await engine.close();
  rmSync(at, { recursive: true, force: true });
});

const samples = (inputs: number) => Float32Array.from({ length: 3 * inputs }, (_, i) => ((i * 37) % 17) / 17);

async function opened(graph: Graph, inputs: number, outputs: number): Promise<Network> {
  const file = join(at, 'network.onnx');
  writeFileSync(file, writeOnnx(graph));
  return openNetwork(engine, file, { inputs, outputs, file: 'a.vnnlib' }, samples(inputs));
}

describe('what is known exactly', () => {
  const rectangle: Rectangle = { lower: [-1, -0.5], upper: [0.75, 1] };

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('of one hidden layer, network %i', async (seed) => {
    const exact = randomNetwork(seed, 6, 3);
    const network = await opened(graphOf(exact), 2, 3);
    const [least, most] = rangeOf(exact, rectangle, [1, -1, 0]);
    const gap = (most - least) / 20;
    for (const [condition, truth] of [
      [`(>= (- Y_0 Y_1) ${most + gap})`, 'unsat'],
      [`(>= Y_0 (+ Y_1 ${most - gap}))`, 'sat'],
      [`(<= Y_0 (+ ${least - gap} Y_1))`, 'unsat'],
      [`(<= (+ Y_0 (* -1 Y_1)) ${least + gap})`, 'sat'],
      [`(or (>= (- Y_0 Y_1) ${most + gap}) (<= (- Y_0 Y_1) ${least - gap}))`, 'unsat'],
      [`(or (>= (- Y_0 Y_1) ${most + gap}) (<= (- Y_0 Y_1) ${least + gap}))`, 'sat'],
      [`(and (>= (- Y_0 Y_1) ${most - gap}) (<= (- Y_0 Y_1) ${least + gap}))`, 'unsat'],
    ] as const) {
      const text = `${boxText(rectangle, 3)}(assert ${condition})`;
      const answer = await answerOf(network, text);
      expect([condition, answer === 'timeout' ? answer : answer.verdict]).toEqual([condition, truth]);
      if (truth === 'sat') expectWitness(answer, exact, text, rectangle);
    }
    await network.close();
  });

  it('never contradicts the truth, however near the edge, by any method', async () => {
    for (let seed = 20; seed < 26; seed++) {
      const exact = randomNetwork(seed, 5, 2);
      const network = await opened(graphOf(exact), 2, 2);
      const [, most] = rangeOf(exact, rectangle, [1, -1]);
      for (const away of [-0.1, -1e-3, -1e-6, 0, 1e-6, 1e-3, 0.1])
        for (const method of ['ibp', 'crown-ibp', 'crown', 'alpha-crown'] as const) {
          const text = `${boxText(rectangle, 2)}(assert (>= (- Y_0 Y_1) ${most + away}))`;
          const answer = await answerOf(network, text, { method, checks: 60 });
          const verdict = answer === 'timeout' ? answer : answer.verdict;
          if (away <= 0) expect([seed, away, method, verdict]).not.toContain('unsat');
          if (away > 1e-5) expect([seed, away, method, verdict]).not.toContain('sat');
        }
      await network.close();
    }
  });

  it('of a linear network: proved without splitting up to the last digits of float32', async () => {
    const b = new GraphBuilder('linear');
    const weights = Array.from({ length: 40 }, (_, i) => ((i * 7) % 11) - 5);
    b.outputAs(
      b.op('MatMul', [b.input('x', 'float32', ['N', 40]), b.constant(floats([40, 1], weights))]),
      'y',
    );
    const network = await opened(b.build(), 40, 1);
    const names = weights.map(
      (_, i) => `(declare-const X_${i} Real)(assert (<= -1 X_${i}))(assert (<= X_${i} 0.5))`,
    );
    const most = weights.reduce((sum, w) => sum + Math.max(-w, 0.5 * w), 0);
    const text = (condition: string) => `${names.join('\n')}(declare-const Y_0 Real)(assert ${condition})`;
    expect(await answerOf(network, text(`(>= Y_0 ${most + 0.01})`))).toEqual({
      verdict: 'unsat',
      by: 'crown-ibp',
    });
    expect(await answerOf(network, text(`(>= Y_0 ${most})`))).toMatchObject({ verdict: 'sat', by: 'attack' });
    expect(await answerOf(network, text(`(> Y_0 ${most})`))).toMatchObject({ verdict: 'unknown' });
    // Of a coefficient that float64 makes 0 of, and that is 1.
    const lost = '(- (+ (* 1e17 Y_0) Y_0) (* 1e17 Y_0))';
    expect(await answerOf(network, text(`(>= ${lost} ${most + 0.01})`))).toMatchObject({ verdict: 'unsat' });
    expect(await answerOf(network, text(`(<= ${lost} ${most + 0.01})`))).toMatchObject({ verdict: 'sat' });
    // What reads as the most in float64, and is more.
    expect(await answerOf(network, text(`(>= Y_0 (+ ${most} 1e-30))`))).toMatchObject({
      verdict: 'unknown',
    });
    // A coefficient that float32 lacks is attacked alone.
    expect(await answerOf(network, text(`(>= (* 0.1 Y_0) ${most})`))).toMatchObject({ verdict: 'unknown' });
    await network.close();
  });

  it('of boxes that differ between alternatives, also empty ones', async () => {
    const exact: Exact = { w: [[1, 0]], b: [0], v: [[1]], c: [0] };
    const network = await opened(graphOf(exact), 2, 1);
    const text = (condition: string) => boxText({ lower: [0, 0], upper: [1, 1] }, 1) + condition;
    const split = '(assert (or (and (<= X_0 0.25) (>= Y_0 0.5)) (and (>= X_0 0.75) (<= Y_0 0.5))))';
    expect(await answerOf(network, text(split))).toMatchObject({ verdict: 'unsat' });
    const one = '(assert (or (and (<= X_0 0.25) (>= Y_0 0.5)) (and (>= X_0 0.75) (>= Y_0 0.99))))';
    const answer = await answerOf(network, text(one));
    expect(answer).toMatchObject({ verdict: 'sat' });
    expect(await answerOf(network, text('(assert (>= X_0 2))'))).toEqual({
      verdict: 'unsat',
      by: 'empty boxes',
    });
    await network.close();
  });
});

it('an end that is left out is no counterexample', async () => {
  const network = await opened(graphOf({ w: [[1, 0]], b: [0], v: [[1]], c: [0] }), 2, 1);
  const text = (op: string) =>
    `${boxText({ lower: [0, 0], upper: [1, 1] }, 1)}(assert (${op} X_0 0.25))(assert (<= Y_0 0.25))`;
  expect(await answerOf(network, text('>='))).toMatchObject({ verdict: 'sat' });
  expect(await answerOf(network, text('>'))).not.toMatchObject({ verdict: 'sat' });
  await network.close();
});

it('where a gradient is no number, nor is an input', async () => {
  const b = new GraphBuilder('root');
  const root = b.op('Sqrt', [b.input('x', 'float32', [1, 2])]);
  const first = b.op('MatMul', [root, b.constant(floats([2, 1], [1, 0]))]);
  const small = b.op('Less', [first, b.constant(floats([], [5]))]);
  b.outputAs(b.op('Where', [small, first, b.constant(floats([], [7]))]), 'y');
  const network = await opened(b.build(), 2, 1);
  expect(await network.gradient(Float32Array.of(1, 0), Float32Array.of(1))).toEqual(
    Float32Array.of(0.5, Number.NaN),
  );
  const text = `${boxText({ lower: [0, 0], upper: [1, 0] }, 1)}(assert (>= Y_0 6))`;
  expect(await answerOf(network, text)).not.toMatchObject({ verdict: 'sat' });
  await network.close();
});

it('a counterexample reads as the numbers it was run with', () => {
  const [inputs, outputs] = [Float32Array.of(-0, 0.1, 1e-30), Float32Array.of(1.5)];
  const text = [...witnessText({ inputs, outputs })].join('');
  const read = [...text.matchAll(/[XY]_\d+ ([^)]*)/g)].map(([, number]) => Math.fround(Number(number)));
  expect(read).toEqual([...inputs, ...outputs]);
});

describe('networks', () => {
  const exact = randomNetwork(3, 4, 2);
  const rectangle: Rectangle = { lower: [-1, -1], upper: [1, 1] };
  const [, most] = rangeOf(exact, rectangle, [1, 0]);
  const unsat = `${boxText(rectangle, 2)}(assert (>= Y_0 ${most + 1}))`;

  it.each([[[1, 2]], [[1, 1, 1, 2]], [['N', 2]], [[1, 2, 1]]])('take an input of %j', async (dims) => {
    const network = await opened(graphOf(exact, dims), 2, 2);
    expect(network.lacksGradient).toBeUndefined();
    expect(await answerOf(network, unsat)).toMatchObject({ verdict: 'unsat' });
    await network.close();
  });

  it('that mix points are attacked alone, one at a time', async () => {
    const b = new GraphBuilder('mixing');
    const x = b.input('input', 'float32', [1, 2]);
    // Of one point nothing is left: the largest of all points is its own.
    const beyond = b.op('Sub', [b.op('ReduceMax', [x]), b.op('ReduceMax', [x, b.ints([1])])]);
    b.outputAs(b.op('Add', [layersOf(b, exact).rows(x), beyond]), 'output');
    const network = await opened(b.build(), 2, 2);
    expect(network.batch).toBe(1);
    expect(await answerOf(network, unsat)).toMatchObject({ verdict: 'unknown', why: /one point at a time/ });
    const sat = `${boxText(rectangle, 2)}(assert (>= Y_0 ${most - 5}))`;
    expectWitness(await answerOf(network, sat), exact, sat, rectangle);
    await network.close();
  });

  it('with an operator that has no bounds are attacked alone, and it is named', async () => {
    const b = new GraphBuilder('rounded');
    b.outputAs(b.op('Floor', [b.op('Sin', [b.input('x', 'float32', [1, 2])])]), 'y');
    const network = await opened(b.build(), 2, 2);
    expect(await answerOf(network, unsat)).toMatchObject({ verdict: 'unknown', why: /Sin|Floor/ });
    await network.close();
  });

  it('that divide by what may be 0 prove nothing there, and it is named', async () => {
    const b = new GraphBuilder('quotient');
    const x = b.input('x', 'float32', [1, 2]);
    const size = b.op('MatMul', [x, b.constant(floats([2, 1], [1, 0.5]))]);
    b.outputAs(b.op('Div', [b.scalar(1), size]), 'y');
    const network = await opened(b.build(), 2, 1);
    const over = (lower: number, condition: string) =>
      `${boxText({ lower: [lower, 0.5], upper: [1, 1] }, 1)}(assert ${condition})`;
    // Between 1 / 1.5 and 1 / 0.75; then of a size from -0.75 to 1.5.
    for (const outside of ['(<= Y_0 0.6)', '(>= Y_0 1.4)'])
      expect(await answerOf(network, over(0.5, outside))).toMatchObject({ verdict: 'unsat' });
    const method = 'crown-ibp';
    expect((await network.bounds()).outside.size).toBe(0);
    await answerOf(network, over(-1, '(and (>= Y_0 -1) (<= Y_0 -0.5))'), { method, checks: 150 });
    expect([...(await network.bounds()).outside]).toEqual([expect.stringMatching(/^Reciprocal \(node "/)]);
    await network.close();
  });

  it('of another number of inputs or outputs are refused', async () => {
    for (const [inputs, outputs, says] of [
      [3, 2, /inputs/],
      [2, 3, /outputs/],
    ] as const)
      await expect(opened(graphOf(exact), inputs, outputs)).rejects.toMatchObject({
        code: 'shape-mismatch',
        message: expect.stringMatching(says),
      });
  });
});
