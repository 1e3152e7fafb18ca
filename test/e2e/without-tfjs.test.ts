// @module-tag slow
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { INSTALL_TFJS } from '../../src/engines/tfjs-packages.js';
import { type Ended, folder, launch } from './assay.js';
import { project } from './project.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Assay beside everything that it depends on, but for TensorFlow.js. */
const home = mkdtempSync(join(tmpdir(), 'assay-without-tfjs-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
beforeAll(() => {
  for (const part of ['dist/src', 'dist/suites', 'reports', 'package.json'])
    cpSync(join(REPOSITORY, part), join(home, part), { recursive: true });
  const modules = join(home, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(REPOSITORY, 'node_modules')))
    if (!['@tensorflow', 'node-api-headers'].includes(name) && !name.startsWith('.'))
      symlinkSync(join(REPOSITORY, 'node_modules', name), join(modules, name), 'junction');
});

const assay = (args: readonly string[], at: string): Promise<Ended> =>
  launch(process.execPath, [join(home, 'dist/src/cli/main.js'), ...args], at).ended;

it('runs on ort, and says how to install tfjs when it is asked for', async () => {
  const at = folder();
  project(at, { suites: ['accuracy'] });
  expect(await assay(['run', 'small.run.yaml', '--out', 'ort'], at)).toMatchObject({ code: 0 });
  const { code, stderr } = await assay(['run', 'small.run.yaml', '--engine', 'tfjs', '--out', 'tfjs'], at);
  expect(code).toBe(2);
  expect(stderr).toMatch(/error\[engine-failed\]: the engine tfjs is not installed/);
  expect(stderr).toContain(`\`${INSTALL_TFJS}\``);
  const doctor = await assay(['doctor'], at);
  expect(doctor).toMatchObject({ code: 0, stdout: expect.stringContaining(INSTALL_TFJS) });
  expect(doctor.stdout).toMatch(/^ok +onnxruntime/m);
});

it('installs what package.json allows', () => {
  const { peerDependencies, devDependencies } = JSON.parse(
    readFileSync(join(REPOSITORY, 'package.json'), 'utf8'),
  );
  const asked = INSTALL_TFJS.split(' ').slice(2);
  expect(asked.length).toBe(2);
  for (const one of asked) {
    const at = one.lastIndexOf('@');
    expect(peerDependencies[one.slice(0, at)]).toBe(`^${one.slice(at + 1)}.0`);
  }
  // Tests use them all.
  expect(devDependencies).toMatchObject(peerDependencies);
});
