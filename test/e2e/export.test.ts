import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exporters } from '../../src/exporters/registry.js';
import { assay, obeyed } from './assay.js';
import { project, savedResults } from './project.js';

const at = mkdtempSync(join(tmpdir(), 'assay-export-'));
beforeAll(async () => {
  project(
    at,
    { suites: ['accuracy'], gates: [{ measure: 'accuracy', where: { model: 'sharp' }, min: 0.5 }] },
    12,
  );
  expect(await assay(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(at, { recursive: true }));

describe('assay export', () => {
  it('prints the files it wrote, below the run folder, and what has no place in them', async () => {
    const { code, stdout, stderr } = await assay(['export', 'mlflow', 'out'], at);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^(- left out: .+\n)+$/)]);
    const files = stdout.trim().split('\n');
    expect(files[0]).toBe('out/exports/mlflow/sharp/metrics.json');
    const metrics = JSON.parse(readFileSync(join(at, files[0]!), 'utf8'));
    const accuracy = savedResults(join(at, 'out')).measures.find((m) => m.measure === 'accuracy');
    expect(metrics['accuracy/accuracy/test']).toBe(accuracy?.value);
  });

  it.each([
    ['foo', /fix +name one of these, or the plug-in that has it: --plugin/],
    ['mlflw', /did you mean "mlflow"\? Otherwise name one of these, or the plug-in that has it: --plugin/],
  ])('says what to do about a format that there is not: %s', async (format, says) => {
    const { code, stderr } = await obeyed(['export', format, 'out'], at);
    expect(code).toBe(2);
    expect(stderr).toMatch(/expected +one of .*mlflow/);
    expect(stderr).toMatch(says);
  });

  it('writes every format from a real run, into a folder', async () => {
    for (const name of exporters.names) {
      const { code } = await obeyed(['export', name, 'out', '--out', `made/${name}/`], at);
      expect([name, code]).toEqual([name, 0]);
      expect(readdirSync(join(at, 'made', name)).length).toBeGreaterThan(0);
    }
    // Nothing of the run has changed.
    expect(await obeyed(['gate', 'out'], at)).toMatchObject({ code: 0 });
  });

  it('names a single file as --out says, or puts it into the folder that is there', async () => {
    mkdirSync(join(at, 'there'));
    expect(await obeyed(['export', 'junit', 'out', '--out', 'a/b.xml'], at)).toMatchObject({ code: 0 });
    expect(await obeyed(['export', 'junit', 'out', '--out', 'there'], at)).toMatchObject({ code: 0 });
    expect(existsSync(join(at, 'a', 'b.xml'))).toBe(true);
    expect(readdirSync(join(at, 'there'))).toEqual(['small.xml']);
  });

  it('has who publishes', async () => {
    await obeyed(['export', 'every-eval-ever', 'out', '--out', 'eee', '--organization', 'My Lab'], at);
    expect(readdirSync(join(at, 'eee', 'data', 'small'))).toEqual(['My-Lab']);
  });

  it.each([
    [['sarif', 'out'], /no exporter.*sarif[\s\S]*every-eval-ever/],
    [['junit', 'absent'], /error\[file-unreadable\].*not the folder of a finished run/s],
  ])('%j is refused', async (args, says) => {
    expect(await obeyed(['export', ...args], at)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(says),
    });
  });

  it('refuses results that were edited', async () => {
    const file = join(at, 'out', 'results.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"n": 12', '"n": 13'));
    expect(await obeyed(['export', 'junit', 'out', '--out', 'edited.xml'], at)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error[results-edited]'),
    });
    expect(existsSync(join(at, 'edited.xml'))).toBe(false);
    writeFileSync(file, text);
  });
});
