import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { temporaryName } from '../../../src/bytes/leftovers.js';
import { foldWith } from '../../../src/engines/ort/fold.js';
import { writeOnnx } from '../../../src/graph/write.js';
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
  const folded = await foldWith(graph, async (file) => writeFileSync(file, writeOnnx(graph)));
  expect(folded.nodes).toHaveLength(graph.nodes.length);
  expect(readdirSync(temporary).sort()).toEqual(['assay-fold-notes', living].sort());
  const failing = foldWith(graph, () => Promise.reject(new Error('full')));
  await expect(failing).rejects.toThrow('full');
  expect(readdirSync(temporary)).toHaveLength(2);
});

it('weights that stay as they were are not copied, and others do not hold the file in memory', async () => {
  const graph = convolutional();
  const [changed, ...kept] = graph.initializers.keys();
  const before = graph.initializers.get(changed!);
  const other = { ...before!, data: new Float32Array(before!.data.length).fill(0.5) };
  const initializers = new Map(graph.initializers).set(changed!, other);
  const folded = await foldWith(graph, async (file) =>
    writeFileSync(file, writeOnnx({ ...graph, initializers })),
  );
  expect(kept.length).toBeGreaterThan(0);
  for (const name of kept) expect(folded.initializers.get(name)).toBe(graph.initializers.get(name));
  const { data } = folded.initializers.get(changed!)!;
  expect(data).toEqual(other.data);
  expect(data.buffer.byteLength).toBe(data.byteLength);
});
