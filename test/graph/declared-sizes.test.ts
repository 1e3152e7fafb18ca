import { describe, expect, it } from 'vitest';
import { AssayError } from '../../src/errors.js';
import { GraphBuilder, int, ints } from '../../src/graph/build.js';
import { refuseGiants, type SizedBy, sizedBy } from '../../src/graph/declared-sizes.js';
import type { Attribute, Graph } from '../../src/graph/graph.js';
import { floats, int64s } from '../../src/graph/tensor.js';
import { hostile, hostileNetwork, loop } from '../engines/hostile.js';

type Make = (b: GraphBuilder, x: string) => string;

function graphOf(make: Make): Graph {
  const b = new GraphBuilder();
  b.output(make(b, b.input('x', 'float32', ['N', 1, 6, 6])));
  return b.build();
}

const refusal = (graph: Graph) => {
  try {
    refuseGiants(graph);
  } catch (error) {
    return error instanceof AssayError ? `${error.code}: ${error.details.path}` : String(error);
  }
  return 'none';
};

const attributes = (values: Record<string, number[]>): Record<string, Attribute> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, ints(value)]));

const giants: Record<string, Make> = {
  ConstantOfShape: (b) => b.op('ConstantOfShape', [b.ints([2 ** 15, 2 ** 15])]),
  Expand: (b, x) => b.op('Expand', [x, b.ints([2 ** 15, 2 ** 14, 6, 6])]),
  Tile: (b, x) => b.op('Tile', [x, b.ints([1, 1, 2 ** 15, 2 ** 15])]),
  Range: (b) =>
    b.op('Range', [b.constant(int64s([0], [])), b.constant(int64s([2e9], [])), b.constant(int64s([1], []))]),
  Resize: (b, x) => b.op('Resize', [x, '', '', b.ints([1, 1, 2 ** 15, 2 ** 15])]),
  'Resize by scales': (b, x) => b.op('Resize', [x, '', b.constant(floats([4], [1, 1, 1e5, 1e5]))]),
  Pad: (b, x) => b.op('Pad', [x, b.ints([0, 0, 0, 2 ** 15, 0, 0, 2 ** 15, 0])]),
  OneHot: (b, x) => b.op('OneHot', [x, b.constant(int64s([2e9], [])), b.constant(floats([2], [0, 1]))]),
  RandomNormal: (b) => b.op('RandomNormal', [], attributes({ shape: [2 ** 15, 2 ** 15] })),
  Conv: (b, x) =>
    b.op('Conv', [x, b.constant(floats([1, 1, 1, 1], [1]))], attributes({ pads: [2 ** 15, 2 ** 15, 0, 0] })),
  ConvTranspose: (b, x) =>
    b.op(
      'ConvTranspose',
      [x, b.constant(floats([1, 1, 1, 1], [1]))],
      attributes({ output_shape: [2 ** 15, 2 ** 15] }),
    ),
};

describe('sizes that are declared', () => {
  it.each(Object.entries(giants))('%s of giant size is refused by node', (name, make) => {
    expect(refusal(graphOf(make))).toBe(`limit-exceeded: node "${name.split(' ')[0]}_node"`);
  });

  it('are found in the bodies of loops, by constants around them', () => {
    const b = new GraphBuilder();
    const shape = b.ints([2 ** 15, 2 ** 15]);
    const body = new GraphBuilder('body');
    body.output(body.op('ConstantOfShape', [shape]));
    b.output(b.op('If', [b.input('x', 'bool', [])], { then_branch: { kind: 'graph', value: body.build() } }));
    expect(refusal(b.build())).toBe('limit-exceeded: node "ConstantOfShape_node"');
  });

  it('a loop of giant length is refused, and one that its own condition ends is not', () => {
    expect(refusal(hostileNetwork(hostile['a loop of declared rounds']))).toContain('Loop');
    expect(refusal(hostileNetwork((b, l) => loop(b, l, b.constant(int64s([1000], [])))))).toBe('none');
    const whileLoop = hostileNetwork((b, logits) => {
      const body = new GraphBuilder('body');
      body.input('round', 'int64', []);
      body.input('go', 'bool', []);
      const value = body.input('value', 'float32', null);
      body.output(body.op('Less', [body.op('ReduceMax', [value]), body.scalar(7)]), 'bool');
      body.outputAs(body.op('Add', [value, body.scalar(1)]), 'next');
      const truth = b.constant({ type: 'bool', dims: [], data: Uint8Array.of(1) });
      const attributes: Record<string, Attribute> = { body: { kind: 'graph', value: body.build() } };
      return b.op('Loop', [b.constant(int64s([2 ** 53 - 1], [])), truth, logits], attributes);
    });
    expect(refusal(whileLoop)).toBe('none');
  });

  const kinds: [string, SizedBy, Make][] = [
    ['weights alone', 'nothing', (b, x) => b.op('Reshape', [x, b.ints([-1, 36])])],
    ['the batch', 'shapes', (b, x) => b.op('Expand', [b.scalar(1), b.op('Shape', [x])])],
    [
      'the pixels',
      'data',
      (b, x) => b.op('ConstantOfShape', [b.op('Cast', [b.op('Flatten', [x])], { to: int(7) })]),
    ],
    [
      'how many pixels are not zero',
      'data',
      (b, x) => b.op('Expand', [b.scalar(1), b.op('Shape', [b.op('NonZero', [x])])]),
    ],
    [
      'chance',
      'data',
      (b) => b.op('ConstantOfShape', [b.op('RandomUniform', [], attributes({ shape: [2] }))]),
    ],
    ['a loop', 'data', (b, x) => loop(b, x, b.constant(int64s([3], [])))],
  ];
  it.each(kinds)('sizes by %s are told', (_, kind, make) => {
    expect(sizedBy(graphOf(make))).toBe(kind);
  });
});
