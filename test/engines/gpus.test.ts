import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';

afterEach(() => vi.unstubAllEnvs());

/** What is found in a new process where this is `nvidia-smi`, asked twice, and how often that was asked. */
function found(script: string | undefined, device = 'cuda') {
  const bin = mkdtempSync(join(tmpdir(), 'assay-gpus-'));
  onTestFinished(() => rmSync(bin, { recursive: true }));
  const log = join(bin, 'log');
  writeFileSync(log, '');
  if (script !== undefined) {
    writeFileSync(join(bin, 'nvidia-smi'), `#!/bin/sh\necho x >> ${log}\n${script}\n`);
    chmodSync(join(bin, 'nvidia-smi'), 0o755);
  }
  vi.stubEnv('PATH', bin);
  const ask = `import { visibleGpus } from './dist/src/engines/gpus.js';
    console.log(JSON.stringify([visibleGpus('${device}'), visibleGpus('${device}')]));`;
  const [first, second] = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', ask], { encoding: 'utf8' }),
  );
  expect(second).toEqual(first);
  return { ...first, asked: readFileSync(log, 'utf8').length / 2 };
}

describe('GPUs', () => {
  it('are listed once, and told from a list that cannot be had', () => {
    expect(found('echo 0; echo 1')).toEqual({ names: ['0', '1'], asked: 1 });
    expect(found('exit 9')).toEqual({
      names: [],
      unknown: expect.stringMatching(/^Command failed: nvidia-smi/),
      asked: 1,
    });
    expect(found(undefined)).toEqual({ names: [], unknown: 'there is no nvidia-smi', asked: 0 });
    expect(found('echo 0', 'cpu')).toEqual({ names: [], asked: 0 });
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '2,3');
    expect(found('echo 0')).toEqual({ names: ['2', '3'], asked: 0 });
  });
});
