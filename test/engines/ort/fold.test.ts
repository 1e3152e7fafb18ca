import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { temporaryName } from '../../../src/bytes/leftovers.js';
import { foldWith } from '../../../src/engines/ort/fold.js';
import { GraphBuilder } from '../../../src/graph/build.js';
import { floats } from '../../../src/graph/tensor.js';
import { weightsBeside } from '../../../src/graph/weights-beside.js';
import { onnxParts, writeOnnx } from '../../../src/graph/write.js';
import { convolutional } from '../../models/networks.js';

it('a fold leaves nothing behind, and clears up behind processes that were killed', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'assay-fold-test-'));
  onTestFinished(() => rmSync(temporary, { recursive: true, force: true }));
  vi.stubEnv('TMPDIR', temporary);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { pid: dead } = spawnSync(process.execPath, ['--version']);
  const own = temporaryName('assay-fold');
  const [left, living] = [dead, process.ppid].map((pid) => own.replace(`-${process.pid}-`, `-${pid}-`)) as [
    string,
    string,
  ];
  for (const name of [left, living, 'assay-fold-notes']) {
    mkdirSync(join(temporary, name));
    writeFileSync(join(temporary, name, 'folded.onnx'), 'half');
  }
  const graph = convolutional();
  const folded = await foldWith(graph, async ({ file }) => writeFileSync(file, writeOnnx(graph)));
  expect(folded.nodes).toHaveLength(graph.nodes.length);
  expect(readdirSync(temporary).sort()).toEqual(['assay-fold-notes', living].sort());
  const failing = foldWith(graph, () => Promise.reject(new Error('full')));
  await expect(failing).rejects.toThrow('full');
  expect(readdirSync(temporary)).toHaveLength(2);
});

it.each([
  ['no folder for temporary files', 'missing', async () => undefined, /ENOENT/],
  [
    'a full one',
    '.',
    () => Promise.reject(new Error('FAIL : Failed to write external initializers to file: "folded.bin"')),
    /Failed to write/,
  ],
])('%s is told of with a remedy', async (_, folder, simplify, found) => {
  const temporary = mkdtempSync(join(tmpdir(), 'assay-fold-test-'));
  vi.stubEnv('TMPDIR', join(temporary, folder));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(temporary, { recursive: true, force: true });
  });
  await expect(foldWith(convolutional(), simplify)).rejects.toMatchObject({
    code: 'output-unwritable',
    details: { found: expect.stringMatching(found), hint: expect.stringContaining('TMPDIR') },
  });
});

it('weights that stay as they were are not copied, and others do not hold the file in memory', async () => {
  const graph = convolutional();
  const [changed, ...kept] = graph.initializers.keys();
  const before = graph.initializers.get(changed!);
  const other = { ...before!, data: new Float32Array(before!.data.length).fill(0.5) };
  const initializers = new Map(graph.initializers).set(changed!, other);
  const folded = await foldWith(graph, async ({ file }) =>
    writeFileSync(file, writeOnnx({ ...graph, initializers })),
  );
  expect(kept.length).toBeGreaterThan(0);
  for (const name of kept) expect(folded.initializers.get(name)).toBe(graph.initializers.get(name));
  const { data } = folded.initializers.get(changed!)!;
  expect(data).toEqual(other.data);
  expect(data.buffer.byteLength).toBe(data.byteLength);
});

it('large weights come from the file beside it: those that stay as they were are taken, and others read', async () => {
  const kept = floats(
    [128, 256],
    Float32Array.from({ length: 2 ** 15 }, (_, i) => i % 11),
  );
  const changed = floats([128, 256], new Float32Array(2 ** 15).fill(0.25));
  const b = new GraphBuilder('sum');
  const sum = b.op('Add', [b.input('x', 'float32', [128, 256]), b.constant(kept, 'kept')]);
  b.output(b.op('Mul', [sum, b.constant(changed, 'changed')]));
  const graph = b.build();
  const other = floats([128, 256], new Float32Array(2 ** 15).fill(0.5));
  const folded = await foldWith(graph, async ({ file, weights }) => {
    const written = { ...graph, initializers: new Map(graph.initializers).set('changed', other) };
    const beside = weightsBeside(written, basename(weights));
    writeFileSync(weights, Buffer.concat(beside.parts));
    writeFileSync(file, Buffer.concat(onnxParts(written, beside.outside)));
  });
  expect(folded.initializers.get('kept')).toBe(kept);
  expect(folded.initializers.get('changed')).toEqual(other);
});
