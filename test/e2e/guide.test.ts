// @module-tag slow
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import { launch, MAIN } from './assay.js';
import { block, commandsOf } from './page-blocks.js';
import { card, project, runFile } from './project.js';

const PAGE = 'docs/guide.md';
const KERAS = fileURLToPath(new URL('../checkpoints/keras/data/keras3.keras', import.meta.url));

const home = mkdtempSync(join(tmpdir(), 'assay-guide-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The files that the page takes for granted, and those that it shows. */
beforeAll(() => {
  const at = (name: string) => join(home, name);
  project(home);
  renameSync(at('sharp.onnx'), at('resnet.onnx'));
  renameSync(at('flat.onnx'), at('jem.onnx'));
  writeFileSync(at('jem.model.yaml'), stringify({ ...card('jem'), name: 'jem' }));
  writeFileSync(
    at('jem.run.yaml'),
    stringify({ ...runFile(), models: ['./jem.model.yaml'], suites: ['accuracy'] }),
  );
  copyFileSync(KERAS, at('model.keras'));
  const pixels = Uint8Array.from({ length: 30 * 9 * 10 * 3 }, (_, i) => (i * 37) % 256);
  writeFileSync(
    at('photos.npz'),
    zipSync({
      'images.npy': encodeNpy({ shape: [30, 9, 10, 3], data: pixels }),
      'labels.npy': encodeNpy({ shape: [30], data: Uint8Array.from({ length: 30 }, (_, i) => i % 6) }),
    }),
  );
  for (const file of ['purified.run.yaml', 'release.run.yaml']) writeFileSync(at(file), block(PAGE, file));
});

/** What a section leaves in the folder. */
const MADE: Readonly<Record<string, readonly string[]>> = {
  'My PyTorch model': ['resnet.model.yaml', 'assay-runs/resnet/report.html'],
  'My Keras model': ['assay-runs/model/report.html'],
  'My purifier': ['assay-runs/purified/report.html'],
  'The protocol of the JEM paper': ['protocol/jem.run.yaml'],
  'A gate for releases': ['assay-runs/release/report.html', 'junit.xml'],
  'A table for a paper': ['table.tex'],
  'A run on a cluster': ['runs/release/report.html', 'release.slurm.sh', 'runs/jem/results.json'],
};

describe('docs/guide.md, one section after the other', () => {
  it.each(commandsOf(PAGE))('%s', async (heading, script) => {
    const assay = `assay() { '${process.execPath}' '${MAIN}' "$@"; }`;
    const { code, stderr } = await launch('bash', ['-e', '-c', `${assay}\n${script}`], home).ended;
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    for (const file of MADE[heading]!) expect(readFileSync(join(home, file)).length).toBeGreaterThan(100);
  });
});
