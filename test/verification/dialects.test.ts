// @module-tag slow
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { writeOnnx } from '../../src/graph/write.js';
import { type Network, openNetwork } from '../../src/verification/network.js';
import { vit } from '../bounds/vit.js';
import { answerOf, expectWitness } from './answers.js';
import { DIALECTS, layersOf } from './dialects.js';
import { boxText, outputsAt, type Rectangle, randomNetwork, rangeOf } from './exact.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
const at = mkdtempSync(join(tmpdir(), 'assay-dialects-'));
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

const exact = randomNetwork(3, 4, 2);
const rectangle: Rectangle = { lower: [-1, -1], upper: [1, 1] };
const [, most] = rangeOf(exact, rectangle, [1, 0]);
const unsat = `${boxText(rectangle, 2)}(assert (>= Y_0 ${most + 1}))`;

it.each(Object.entries(DIALECTS))(
  'a network of one point is opened for many: %s',
  async (_, { dims, emit }) => {
    const b = new GraphBuilder('dialect');
    b.outputAs(emit(b, b.input('input', 'float32', dims), layersOf(b, exact)), 'output');
    const network = await opened(b.build(), 2, 2);
    expect([network.batch, network.lacksGradient]).toEqual([64, undefined]);
    expect(await answerOf(network, unsat)).toMatchObject({ verdict: 'unsat' });
    const sat = `${boxText(rectangle, 2)}(assert (>= Y_0 ${most - 0.01}))`;
    expectWitness(await answerOf(network, sat), exact, sat, rectangle);
    const points = Float32Array.of(0.5, -1, 0.25, 0.75);
    expect([...(await network.forward(points))]).toEqual(
      [...outputsAt(exact, [0.5, -1]), ...outputsAt(exact, [0.25, 0.75])].map((y) => expect.closeTo(y, 4)),
    );
    await network.close();
  },
);

it('a vision transformer of one image is opened for many, attacked and proved', async () => {
  const network = await opened(vit(1), 64, 3);
  expect([network.batch, network.lacksGradient]).toEqual([64, undefined]);
  const names = Array.from({ length: 64 }, (_, i) => {
    const x = (i % 9) / 9;
    return `(declare-const X_${i} Real)(assert (>= X_${i} ${x}))(assert (<= X_${i} ${x + 1e-3}))`;
  });
  const outputs = [...(await network.forward(Float32Array.from({ length: 64 }, (_, i) => (i % 9) / 9)))];
  const [first, second, third] = [0, 1, 2].sort((a, b) => outputs[b]! - outputs[a]!);
  const declared = `${names.join('\n')}${outputs.map((_, k) => `(declare-const Y_${k} Real)`).join('')}`;
  const beaten = `(or (>= Y_${second} Y_${first}) (and (>= Y_${third} Y_${first})))`;
  const proved = await answerOf(network, `${declared}(assert ${beaten})`, { method: 'crown' });
  expect(proved).toMatchObject({ verdict: 'unsat' });
  const wins = `${declared}(assert (and (<= Y_${second} Y_${first}) (<= Y_${third} Y_${first})))`;
  expect(await answerOf(network, wins)).toMatchObject({ verdict: 'sat' });
  await network.close();
});
