import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../src/checkpoints/registry.js';
import { FORMS } from '../../../src/checkpoints/tfjs/graph-forms.js';
import { TFJS_OPERATORS } from '../../../src/checkpoints/tfjs/graph-operators.js';
import type { Differentiation, Engine, Value } from '../../../src/engines/engine.js';
import { createTfjsEngine } from '../../../src/engines/tfjs/engine.js';
import { GraphBuilder } from '../../../src/graph/build.js';
import type { Graph } from '../../../src/graph/graph.js';
import { floats } from '../../../src/graph/tensor.js';
import { stream } from '../../../src/random/stream.js';
import { devices } from '../../engines/tfjs/devices.js';
import { temporaryFolder } from '../keras/files.js';
import { GraphDef, text, truth, type } from './graph-def.js';
import { OF_TRUTH, OPERATOR_CASES, type OperatorCase } from './operator-cases.js';

type Feeds = Record<string, Value & { data: Float32Array }>;

const outer = temporaryFolder();
const product = (dims: readonly number[]) => dims.reduce((a, d) => a * d, 1);

/** A graph model of one node whose output is "y", and numbers for what it varies. */
function oneNode(op: string, { operands, attr = {}, output = 0 }: OperatorCase) {
  const def = new GraphDef();
  const feeds: Feeds = {};
  const draws = stream({ seed: 0, purpose: 'test', example: operands.length });
  const feed = (name: string, dims: number[], from: number, to: number) => {
    const data = Float32Array.from({ length: product(dims) }, () => from + (to - from) * draws.uniform());
    feeds[name] = { type: 'float32', dims, data };
    return def.placeholder(name, dims);
  };
  const names = operands.map((operand, i) => {
    const name = `operand_${i}`;
    if ('varied' in operand) return feed(name, operand.varied, operand.from ?? -1, operand.to ?? 1);
    const { constant, dims = [constant.length], integer } = operand;
    return def.constant(name, dims, integer ? Int32Array.from(constant) : Float32Array.from(constant));
  });
  const made = def.op(op, names, attr, 'made');
  const value = def.op('Cast', [output === 0 ? made : `${made}:${output}`], { DstT: type() });
  def.output('y', value, []);
  // A graph has an input, read or not.
  if (Object.keys(feeds).length === 0) def.output('other', feed('image', [1], 0, 1), [1]);
  return { def, feeds };
}

const inner = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, v, k) => sum + v * b[k]!, 0);

/** Of output "y" in some weights: what is differentiated. */
async function weighted(engine: Engine, graph: Graph, feeds: Feeds) {
  const program = await engine.compile(graph);
  const y = (await program.run(feeds)).y!;
  const weights = Float32Array.from(y.data as Float32Array, (_, k) => Math.cos(k) + 1.5);
  const b = new GraphBuilder(graph);
  const of = b.outputAs(b.op('Mul', ['y', b.constant(floats([...y.dims], weights))]), 'weighted');
  const wanted: Differentiation = { of, wrt: Object.keys(feeds) };
  const at = async (moved: Feeds) => inner(weights, (await program.run(moved)).y!.data as Float32Array);
  return { graph: b.build(), wanted, at };
}

/** Every input moved along a direction. */
const moved = (feeds: Feeds, direction: Record<string, Float32Array>, step: number): Feeds =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { data, ...rest }]) => [
      name,
      { ...rest, data: data.map((v, k) => v + step * direction[name]![k]!) },
    ]),
  );

const STEP = 1e-3;

describe.each(devices)('operators of TensorFlow on %s', (device) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createTfjsEngine({ device, sessions: 1 });
  });
  afterAll(() => engine.close());

  const differentiate = (...args: Parameters<NonNullable<Engine['differentiate']>>) => {
    if (!engine.differentiate) throw new Error('the engine differentiates by itself');
    return engine.differentiate(...args);
  };

  it.each(
    Object.entries(OPERATOR_CASES).flatMap(([op, cases]) => cases.map((one, i) => [op, i, one] as const)),
  )('%s %i: the gradient is that of what it computes', async (op, i, one) => {
    const folder = join(outer, `${device}-${op}-${i}`);
    mkdirSync(folder);
    const { def, feeds } = oneNode(op, one);
    const { graph, wanted, at } = await weighted(
      engine,
      (await readCheckpoint(def.write(folder))).graph,
      feeds,
    );
    const differentiating = differentiate(graph, feeds, wanted);
    if (one.lacking) {
      await expect(differentiating).rejects.toMatchObject({ code: 'op-unsupported' });
      return;
    }
    const { program, gradients } = await differentiating;
    const results = await program.run(feeds);
    const draws = stream({ seed: 1, purpose: 'test', example: i });
    for (let trial = 0; trial < 3; trial++) {
      const direction = Object.fromEntries(
        wanted.wrt.map((name) => [name, feeds[name]!.data.map(() => draws.uniform() - 0.5)]),
      );
      const got = wanted.wrt.reduce(
        (sum, name) => sum + inner(direction[name]!, results[gradients[name]!]!.data as Float32Array),
        0,
      );
      const [after, before] = [
        await at(moved(feeds, direction, STEP)),
        await at(moved(feeds, direction, -STEP)),
      ];
      const expected = one.flat ? 0 : (after - before) / (2 * STEP);
      expect(Math.abs(got - expected), `${got}, by differences ${expected}`).toBeLessThan(
        1e-2 * Math.max(1, Math.abs(expected)),
      );
    }
  });

  it('truth values: chosen is what TensorFlow chooses, and gradients pass through the chosen', async () => {
    const def = new GraphDef();
    const x = def.placeholder('x', [4]);
    const [half, ones] = [
      def.constant('half', [], Float32Array.of(0.5)),
      def.constant('ones', [4], Float32Array.of(1, 1, 1, 1)),
    ];
    const large = def.op('Greater', [x, half], { T: type() });
    const negative = def.op('LogicalNot', [def.op('GreaterEqual', [x, 'zero'], { T: type() })]);
    def.constant('zero', [], Float32Array.of(0));
    def.constant('axis', [1], Int32Array.of(0));
    const both = def.op('LogicalAnd', [large, negative]);
    const reduced = { keep_dims: truth(true) };
    const either = def.op('LogicalOr', [
      def.op('Any', [both, 'axis'], reduced),
      def.op('LogicalOr', [large, def.op('All', [large, 'axis'], reduced)]),
    ]);
    const inside = def.op('Select', [either, def.op('Square', [x], { T: type() }), ones], { T: type() });
    def.output('y', def.op('SelectV2', [negative, x, inside], { T: type(), why: text('none') }), [4]);
    const folder = join(outer, `${device}-truth`);
    mkdirSync(folder);
    const { graph } = await readCheckpoint(def.write(folder));
    const feeds = { x: { type: 'float32' as const, dims: [4], data: Float32Array.of(-1, 0.25, 0.75, 2) } };
    const { program, gradients } = await differentiate(graph, feeds, { of: 'y', wrt: ['x'] });
    const results = await program.run(feeds);
    expect([...results.y!.data]).toEqual([-1, 1, 0.5625, 4]);
    expect([...results[gradients.x!]!.data]).toEqual([1, 0, 1.5, 4]);
  });
});

it('every operator has a case', () => {
  const cases = [...Object.keys(OPERATOR_CASES), ...OF_TRUTH].sort();
  expect(cases).toEqual([...new Set([...TFJS_OPERATORS, ...FORMS.keys()])].sort());
});
