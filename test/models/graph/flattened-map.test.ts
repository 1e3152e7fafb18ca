import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { GraphBuilder, int, ints } from '../../../src/graph/build.js';
import type { Graph } from '../../../src/graph/graph.js';
import { floats } from '../../../src/graph/tensor.js';
import { writeOnnx } from '../../../src/graph/write.js';
import { modelOf } from '../../../src/models/assemble.js';
import { inspectCheckpoint } from '../../../src/models/inspect.js';
import { normals } from '../networks.js';

const engine = createOrtEngine({ sessions: 1 });
const folder = mkdtempSync(join(tmpdir(), 'assay-maps-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await engine.close();
});

const SHAPE = [1, 6, 6];

/** Planes (n, 5, 4, 4) of an image (n, 1, 6, 6), and what becomes of them. */
function network(
  end: (b: GraphBuilder, planes: string) => string,
  dims: Graph['outputs'][0]['dims'] = null,
): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', ...SHAPE]);
  const kernel = b.constant(floats([5, 1, 3, 3], normals('kernel', 45)), 'kernel');
  const [planes] = b.node('Conv', [x, kernel], {}, ['planes']) as [string];
  b.outputAs(end(b, planes), 'y', 'float32', dims);
  return b.build();
}

const flat = (b: GraphBuilder, value: string) => b.op('Flatten', [value], { axis: int(1) });
const dense = (b: GraphBuilder, rows: string, outputs: number, inputs = 80) =>
  b.op('MatMul', [rows, b.constant(floats([inputs, outputs], normals('dense', inputs * outputs)))]);
const global = (b: GraphBuilder, planes: string) => b.op('GlobalAveragePool', [planes]);

const card = (classes: number, more: object = {}) => ({
  name: 'm',
  checkpoint: './m.onnx',
  input: { shape: SHAPE },
  classes,
  ...more,
});

const open = async (graph: Graph, classes: number, more: object = {}) => {
  const model = await modelOf(graph, card(classes, more), engine, { checkpoint: 'm.onnx' });
  await model.close();
};

const maps: [what: string, graph: Graph, classes: number, node: RegExp, found: string][] = [
  ['planes, flattened', network(flat), 80, /\(Conv\)/, '5 x 4 x 4 = 80'],
  ['planes as they are', network((_, planes) => planes), 5, /\(Conv\)/, '5 x 4 x 4 = 80'],
  ['planes of another count than the card has', network(flat), 10, /\(Conv\)/, '5 x 4 x 4 = 80'],
  [
    'an activation behind planes',
    network((b, planes) => b.op('Reshape', [b.op('Relu', [planes]), b.ints([-1, 80])])),
    80,
    /\(Relu|Conv\)/,
    '5 x 4 x 4 = 80',
  ],
  [
    'planes with the channels last, scaled',
    network((b, planes) =>
      b.op('Mul', [flat(b, b.op('Transpose', [planes], { perm: ints([0, 2, 3, 1]) })), b.scalar(2)]),
    ),
    80,
    /\(Conv\)/,
    '5 x 4 x 4 = 80',
  ],
  [
    'pooled planes',
    network((b, planes) =>
      flat(b, b.op('MaxPool', [planes], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) })),
    ),
    20,
    /\(MaxPool\)/,
    '5 x 2 x 2 = 20',
  ],
  [
    'a row of numbers at each of several places',
    network((b, planes) => flat(b, dense(b, b.op('Reshape', [planes, b.ints([0, 5, 16])]), 3, 16))),
    15,
    /\(MatMul\)/,
    '5 x 3 = 15',
  ],
];

describe('a map over the image is no row of logits', () => {
  it.each(maps)('%s', async (_, graph, classes, node, found) => {
    const error = await open(graph, classes).catch((e) => e);
    expect([error.code, error.details.file]).toEqual(['shape-mismatch', 'm.onnx']);
    expect(error.message).toMatch(/ends in a map over the image/);
    expect(error.details.path).toMatch(node);
    expect(error.details.found).toBe(`${found} numbers, laid out flat`);
    // The way out for those who mean it works.
    const line = /say so: `(classes: \d+)`/.exec(error.details.hint)![1]!;
    const outputs = /and `(outputs: .*)`$/.exec(error.details.hint)![1]!;
    await open(graph, parse(line).classes, parse(outputs));
  });

  it('inspect says so, and its card does not count the numbers as classes', async () => {
    const file = join(folder, 'm.onnx');
    writeFileSync(file, writeOnnx(network(flat, ['N', 80])));
    const { card: text, notes } = await inspectCheckpoint(file, engine);
    expect(notes).toContainEqual(
      expect.stringMatching(/"y" is a map over the image of 5 x 4 x 4 = 80 numbers/),
    );
    expect(text).toMatch(/^classes: 10$/m);
  });
});

const rows: [what: string, graph: Graph, classes: number][] = [
  ['a linear layer on flattened planes', network((b, planes) => dense(b, flat(b, planes), 4)), 4],
  ['ImageNet-21k', network((b, planes) => dense(b, flat(b, planes), 21_841)), 21_841],
  [
    'a linear layer whose numbers are laid out twice',
    network((b, planes) =>
      flat(b, b.op('Reshape', [dense(b, flat(b, planes), 10_450), b.ints([-1, 10, 1045])])),
    ),
    10_450,
  ],
  ['the means of planes', network((b, planes) => flat(b, global(b, planes))), 5],
  ['the means of planes, as planes of one pixel', network(global), 5],
  [
    'means over two axes, activated',
    network((b, planes) =>
      b.op('Relu', [b.op('ReduceMean', [planes, b.ints([2, 3])], { keepdims: int(0) })]),
    ),
    5,
  ],
];

it.each(rows)('%s are logits', async (_, graph, classes) => {
  await open(graph, classes);
  const file = join(folder, 'rows.onnx');
  writeFileSync(file, writeOnnx(graph));
  const { card: text } = await inspectCheckpoint(file, engine);
  expect(parse(text).classes).toBe(classes);
});
