import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { assay, MAIN } from '../e2e/assay.js';
import { project, runFile, savedResults } from '../e2e/project.js';
import { missingPrograms, startSlurm, until } from './one-node-slurm.js';

describe('a run submitted to Slurm', () => {
  it('is measured by a job array and merged when it is done', { tags: ['long'] }, async () => {
    if (process.env.ASSAY_LONG !== '1') return;
    const missing = missingPrograms();
    if (missing.length > 0) {
      console.warn(`not run: ${missing.join(', ')} missing; on Debian: apt-get install slurm-wlm munge`);
      return;
    }
    const at = mkdtempSync(join(tmpdir(), 'assay-slurm-'));
    project(at, {}, 60);
    writeFileSync(join(at, 'small.run.yaml'), stringify(runFile({ suites: ['accuracy', 'calibration'] })));
    const slurm = await startSlurm(at);
    onTestFinished(() => {
      slurm.end();
      rmSync(at, { recursive: true, force: true, maxRetries: 5 });
    });
    expect(await assay(['run', 'small.run.yaml', '--out', 'whole'], at)).toMatchObject({ code: 0 });
    const words = ['--shards', '3', '--out', 'merged', '--cpus', '1', '--memory', '1G', '--probe', '32'];
    const submitted = await assay(
      ['submit', 'slurm', 'small.run.yaml', ...words, '--assay', process.execPath, MAIN],
      at,
    );
    expect(submitted).toMatchObject({ code: 0 });
    expect(submitted.stdout).toContain('Submit it with:\n  bash small.slurm.sh');
    execFileSync('bash', ['small.slurm.sh'], { cwd: at, env: slurm.env });
    const queue = () => execFileSync('squeue', ['--noheader'], { env: slurm.env, encoding: 'utf8' });
    await until(() => queue().trim() === '');
    const log = join(at, 'merged.shards', 'logs', 'merge.log');
    expect(existsSync(log)).toBe(true);
    expect(readFileSync(log, 'utf8')).toContain('merged/report.html');
    expect(savedResults(join(at, 'merged'))).toEqual(savedResults(join(at, 'whole')));
  });
});
