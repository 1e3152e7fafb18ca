import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../src/bytes/leftovers.js';

describe('temporary folders', () => {
  const before = process.env.TMPDIR;
  let at = '';
  beforeEach(() => {
    at = mkdtempSync(join(tmpdir(), 'assay-leftovers-'));
    process.env.TMPDIR = at;
  });
  afterEach(() => {
    process.env.TMPDIR = before;
    if (before === undefined) delete process.env.TMPDIR;
    rmSync(at, { recursive: true, force: true });
  });
  const { pid: dead } = spawnSync(process.execPath, ['--version']);
  const madeBy = (name: string, pid: number | undefined) => name.replace(`-${process.pid}-`, `-${pid}-`);

  it('of killed processes go, those of living ones and of other names stay', async () => {
    const mine = basename(await temporaryFolder('assay-fold'));
    const [left, living] = [madeBy(mine, dead), madeBy(mine, process.ppid)];
    const others = [left.replace('assay-fold', 'assay-other'), 'assay-fold.mine', 'assay-fold.tmp'];
    for (const name of [left, living, ...others]) mkdirSync(join(at, name));
    writeFileSync(join(at, left, 'folded.onnx'), 'half');
    const next = basename(await temporaryFolder('assay-fold'));
    expect(readdirSync(at).sort()).toEqual([mine, living, ...others, next].sort());
  });

  it('that are links go without what they point to', async () => {
    const mine = basename(await temporaryFolder('assay-fold'));
    mkdirSync(join(at, 'precious'));
    writeFileSync(join(at, 'precious', 'file'), '');
    symlinkSync(join(at, 'precious'), join(at, madeBy(mine, dead)));
    await temporaryFolder('assay-fold');
    expect(existsSync(join(at, 'precious', 'file'))).toBe(true);
    expect(readdirSync(at)).not.toContain(madeBy(mine, dead));
  });
});
