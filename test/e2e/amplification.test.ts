// @module-tag slow
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { MEMORY_MODULE } from '../memory.js';
import { folder, launch, MAIN } from './assay.js';

const MIB = 2 ** 20;
/** The command itself takes about 80 MiB; what is refused is read first. */
const MOST = 300 * MIB;

/** Tells the largest memory that the process had, at its end. */
const TELL = `data:text/javascript,${encodeURIComponent(
  `import { mostHeld } from '${MEMORY_MODULE}'; process.on('exit', () => process.stderr.write('held ' + mostHeld()));`,
)}`;

/** The same 4 MiB as 500 weights. */
function oneFileManyTimes(): Uint8Array {
  const b = new GraphBuilder();
  let x = b.input('x', 'float32', ['N', 1]);
  for (let i = 0; i < 500; i++) x = b.op('Add', [x, b.constant(floats([1], [i + 0.5]), `w${i}`)]);
  b.outputAs(x, 'y', 'float32', ['N', 1]);
  const { onnx } = onnxProto;
  const model = onnx.ModelProto.decode(writeOnnx(b.build()));
  for (const weight of model.graph?.initializer ?? []) {
    Object.assign(weight, { rawData: new Uint8Array(), floatData: [], dims: [MIB] });
    weight.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
    weight.externalData = [{ key: 'location', value: 'weights.bin' }];
  }
  return onnx.ModelProto.encode(model).finish();
}

/** ir_version 8, and a graph of so many empty nodes. */
function emptyNodes(count: number): Uint8Array {
  const length: number[] = [];
  for (let left = 2 * count; left > 0; left = Math.floor(left / 128))
    length.push((left % 128) + (left >= 128 ? 128 : 0));
  const nodes = new Uint8Array(2 * count).map((_, i) => (i % 2 === 0 ? 0x0a : 0));
  return Buffer.concat([Uint8Array.of(0x08, 8, 0x3a, ...length), nodes]);
}

const aliases = `a0: &a0 [x,x,x,x,x,x,x,x]\n${Array.from({ length: 20 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(8).fill(`*a${i}`).join()}]\n`).join('')}`;

const cases: Record<string, { name: string; content: () => string | Uint8Array; says: RegExp }> = {
  'YAML of brackets': { name: 'm.yaml', content: () => '['.repeat(2 * MIB), says: /inside each other/ },
  'YAML of braces': { name: 'm.yaml', content: () => '{a: '.repeat(MIB / 2), says: /inside each other/ },
  'YAML of dashes': { name: 'm.yaml', content: () => '- '.repeat(MIB), says: /inside each other/ },
  'YAML of many lists': { name: 'm.yaml', content: () => `a: [${'[],'.repeat(MIB)}]`, says: /words, signs/ },
  'YAML of aliases': { name: 'm.yaml', content: () => aliases, says: /aliases/ },
  'one file as 500 weights': { name: 'm.onnx', content: oneFileManyTimes, says: /over and over/ },
  'a million nodes': { name: 'm.onnx', content: () => emptyNodes(1e6), says: /too many parts/ },
  'model.json of brackets': {
    name: 'model.json',
    content: () => `{"modelTopology": ${'['.repeat(16 * MIB)}`,
    says: /nests too deep/,
  },
};

it.each(Object.entries(cases))('%s is refused in little memory', async (_, { name, content, says }) => {
  const at = folder();
  writeFileSync(join(at, name), content());
  writeFileSync(join(at, 'weights.bin'), '');
  truncateSync(join(at, 'weights.bin'), 4 * MIB);
  const { code, stderr } = await launch(process.execPath, ['--import', TELL, MAIN, 'inspect', name], at)
    .ended;
  expect(stderr).toMatch(says);
  expect(code).toBe(2);
  const bytes = Number(/held (\d+)/.exec(stderr)?.[1]);
  expect(bytes).toBeLessThan(MOST);
});
