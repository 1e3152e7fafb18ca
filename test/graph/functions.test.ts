import onnxProto from 'onnx-proto';
import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { readOnnx } from '../../src/graph/read.js';

const { onnx } = onnxProto;
const FLOAT = onnx.AttributeProto.AttributeType.FLOAT;
const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

type ProtoNode = onnxProto.onnx.INodeProto;
type ProtoFunction = onnxProto.onnx.IFunctionProto;

const port = (name: string) => ({
  name,
  type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 3 }] } } },
});

/** y of x, three numbers, with functions of the model's own. */
function model(node: ProtoNode[], functions: ProtoFunction[]): Uint8Array {
  const made = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [
      { domain: '', version: 18 },
      { domain: 'own', version: 1 },
    ],
    graph: { name: 'g', node, input: [port('x')], output: [port('y')] },
    functions,
  });
  return onnx.ModelProto.encode(made).finish();
}

const op = (opType: string, input: string[], output: string[], rest: ProtoNode = {}): ProtoNode => ({
  opType,
  input,
  output,
  domain: '',
  ...rest,
});
const call = (opType: string, input: string[], output: string[], rest: ProtoNode = {}) =>
  op(opType, input, output, { domain: 'own', ...rest });
const own = (name: string, node: ProtoNode[], rest: ProtoFunction = {}): ProtoFunction => ({
  name,
  domain: 'own',
  input: ['a'],
  output: ['b'],
  node,
  opsetImport: [{ domain: '', version: 18 }],
  ...rest,
});

async function run(bytes: Uint8Array): Promise<number[]> {
  const graph = readOnnx(bytes);
  expect(graph.nodes.every(({ domain }) => domain === '')).toBe(true);
  const program = await engine.compile(graph);
  const y = (
    await program.run({
      x: { type: 'float32', dims: [3], data: Float32Array.of(-1, 0, 2) },
    })
  ).y!;
  return [...(y.data as Float32Array)];
}

/** max(a, 0) + a, with a value inside that is called as one outside. */
const hinge = own('hinge', [op('Relu', ['a'], ['x']), op('Add', ['x', 'a'], ['b'])]);

describe('functions of a model', () => {
  it('are put in where they are called, each time with names of their own', async () => {
    const bytes = model([call('hinge', ['x'], ['z']), call('hinge', ['z'], ['y'])], [hinge]);
    expect(await run(bytes)).toEqual([-1, 0, 8]);
  });

  it('may call functions, and take attributes', async () => {
    const leaky = own(
      'leaky',
      [
        op('LeakyRelu', ['a'], ['c'], { attribute: [{ name: 'alpha', refAttrName: 'slope', type: FLOAT }] }),
        call('hinge', ['c'], ['b']),
      ],
      { attribute: ['slope'] },
    );
    const given = { attribute: [{ name: 'slope', type: FLOAT, f: 0.5 }] };
    expect(await run(model([call('leaky', ['x'], ['y'], given)], [leaky, hinge]))).toEqual([-0.5, 0, 4]);
    // LeakyRelu's own default: 0.01.
    const [first] = await run(model([call('leaky', ['x'], ['y'])], [leaky, hinge]));
    expect(first).toBeCloseTo(-0.01, 6);
  });

  it('may return what they are given', async () => {
    const same = own('same', [], { output: ['a'] });
    expect(await run(model([call('same', ['x'], ['y'])], [same]))).toEqual([-1, 0, 2]);
  });

  const twice = (name: string, inner: string) =>
    own(name, [call(inner, ['a'], ['c']), call(inner, ['c'], ['b'])]);
  const bomb = Array.from({ length: 30 }, (_, i) => twice(`f${i + 1}`, `f${i}`));

  it.each<[string, ProtoNode[], ProtoFunction[], RegExp]>([
    ['call themselves', [call('f', ['x'], ['y'])], [own('f', [call('f', ['a'], ['b'])])], /without end/],
    ['unfold to 2^30 nodes', [call('f30', ['x'], ['y'])], [own('f0', []), ...bomb], /unfold too far/],
    ['share a name', [call('hinge', ['x'], ['y'])], [hinge, hinge], /same name/],
    [
      'rely on an attribute they do not declare',
      [call('f', ['x'], ['y'])],
      [
        own('f', [
          op('LeakyRelu', ['a'], ['b'], {
            attribute: [{ name: 'alpha', refAttrName: 'slope', type: FLOAT }],
          }),
        ]),
      ],
      /default/,
    ],
  ])('that %s are refused', (_, nodes, functions, says) => {
    expect(() => readOnnx(model(nodes, functions), 'm.onnx')).toThrow(
      expect.objectContaining({
        code: 'model-invalid',
        message: expect.stringMatching(says),
        details: expect.objectContaining({ file: 'm.onnx', hint: expect.stringContaining('inline') }),
      }),
    );
  });
});
