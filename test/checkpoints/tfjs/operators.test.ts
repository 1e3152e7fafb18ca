import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../src/checkpoints/registry.js';
import { FORMS } from '../../../src/checkpoints/tfjs/graph-forms.js';
import { TFJS_OPERATORS } from '../../../src/checkpoints/tfjs/graph-operators.js';
import type { Engine, Value } from '../../../src/engines/engine.js';
import { createTfjsEngine } from '../../../src/engines/tfjs/engine.js';
import { GraphBuilder } from '../../../src/graph/build.js';
import { stream } from '../../../src/random/stream.js';
import { devices } from '../../engines/tfjs/devices.js';
import { temporaryFolder } from '../keras/files.js';
import { GraphDef } from './graph-def.js';
import { COMPOSED, OPERATOR_CASES, type OperatorCase } from './operator-cases.js';

const outer = temporaryFolder();
const product = (dims: readonly number[]) => dims.reduce((a, d) => a * d, 1);

/** A graph model of one node, and numbers for what it varies. */
function oneNode(op: string, { operands, attr = {}, output = 0 }: OperatorCase) {
  const def = new GraphDef();
  const feeds: Record<string, Value> = {};
  const draws = stream({ seed: 0, purpose: 'test', example: operands.length });
  const names = operands.map((operand, i) => {
    const name = `operand_${i}`;
    if ('varied' in operand) {
      const { varied: dims, from = -1, to = 1 } = operand;
      const data = Float32Array.from({ length: product(dims) }, () => from + (to - from) * draws.uniform());
      feeds[name] = { type: 'float32', dims, data };
      return def.placeholder(name, dims);
    }
    const { constant, dims = [constant.length], integer } = operand;
    return def.constant(name, dims, integer ? Int32Array.from(constant) : Float32Array.from(constant));
  });
  if (Object.keys(feeds).length === 0) {
    def.placeholder('other', [1]);
    feeds.other = { type: 'float32', dims: [1], data: Float32Array.of(1) };
  }
  const made = def.op(op, names, attr, 'made');
  // Whatever its type, as floats; and something that depends on a placeholder in any case.
  const value = def.op('Cast', [output === 0 ? made : `${made}:${output}`], {
    DstT: { type: 'DT_FLOAT' },
  });
  def.output('y', value, []);
  if (feeds.other) def.output('other_again', 'other', [1]);
  return { def, feeds };
}

describe.each(devices)('operators of TensorFlow on %s', (device) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createTfjsEngine({ device, sessions: 1 });
  });
  afterAll(() => engine.close());

  it.each(
    Object.entries(OPERATOR_CASES).flatMap(([op, cases]) => cases.map((one, i) => [op, i, one] as const)),
  )('%s %i: the gradient is that of what it computes', async (op, i, one) => {
    const folder = join(outer, `${device}-${op}-${i}`);
    mkdirSync(folder);
    const { def, feeds } = oneNode(op, one);
    const { graph } = await readCheckpoint(def.write(folder));
    const probe = await engine.compile(graph);
    const { y } = await probe.run(feeds);
    const weights = Float32Array.from(y.data as Float32Array, (_, k) => Math.cos(k) + 1.5);
    const sum = ({ data }: Value) => weights.reduce((total, w, k) => total + w * Number(data[k]), 0);
    const wrt = Object.keys(feeds);
    const b = new GraphBuilder(graph);
    const weight = b.constant({ type: 'float32', dims: [...y.dims], data: weights });
    const of = b.outputAs(b.op('Mul', ['y', weight]), 'weighted');
    const { program, gradients } = await engine.differentiate!(b.build(), feeds, { of, wrt });
    const results = await program.run(feeds);
    const draws = stream({ seed: 1, purpose: 'test', example: i });
    for (let trial = 0; trial < 3; trial++) {
      const direction = Object.fromEntries(
        wrt.map((name) => [
          name,
          Float32Array.from(feeds[name].data as Float32Array, () => draws.uniform() - 0.5),
        ]),
      );
      const h = 2e-3;
      const moved = (step: number) =>
        Object.fromEntries(
          wrt.map((name) => {
            const { data, ...rest } = feeds[name];
            return [
              name,
              { ...rest, data: (data as Float32Array).map((v, k) => v + step * direction[name][k]) },
            ];
          }),
        );
      const [after, before] = [await probe.run(moved(h)), await probe.run(moved(-h))];
      const wanted = one.flat ? 0 : (sum(after.y) - sum(before.y)) / (2 * h);
      const got = wrt.reduce(
        (total, name) =>
          total + direction[name].reduce((t, d, k) => t + d * Number(results[gradients[name]].data[k]), 0),
        0,
      );
      expect(Math.abs(got - wanted), `${got} ${wanted}`).toBeLessThan(5e-3 * Math.max(1, Math.abs(wanted)));
    }
    await Promise.all([probe.release(), program.release()]);
  });
});

it('every operator has a case', () => {
  const cases = [...Object.keys(OPERATOR_CASES), ...COMPOSED].sort();
  expect(cases).toEqual([...new Set([...TFJS_OPERATORS, ...FORMS.keys()])].sort());
});
