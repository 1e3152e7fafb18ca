import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { replaceDisk } from '../../src/bytes/disk.js';
import { makeFolder, writeDurably } from '../../src/bytes/durable.js';
import { folder } from '../runs/small-run.js';
import { watchedDisk } from './recording-disk.js';

/** What the disk is asked until the test ends, in words, with the names of temporary files cut. */
function asked(fail: (what: string) => string | undefined = () => undefined): string[] {
  const told: string[] = [];
  const takeAway = replaceDisk((disk) =>
    watchedDisk(disk, ({ kind, path }) => {
      const what = `${kind} ${basename(path).replace(/\.[0-9a-f-]+\.tmp$/, '.tmp')}`;
      told.push(what);
      const code = fail(what);
      if (code) throw Object.assign(new Error(code), { code });
    }),
  );
  onTestFinished(takeAway);
  return told;
}

describe('a file that is written durably', () => {
  it('is on the disk before it takes its name, and its name before anything else is done', async () => {
    const at = folder();
    const told = asked();
    const file = join(at, 'a.txt');
    await writeDurably(file, 'first');
    expect(told).toEqual([
      'create a.txt.tmp',
      'write a.txt.tmp',
      'sync a.txt.tmp',
      'close a.txt.tmp',
      'rename a.txt.tmp',
      `syncFolder ${basename(at)}`,
    ]);
    await writeDurably(file, ['sec', 'ond']);
    expect(readFileSync(file, 'utf8')).toBe('second');
    expect(readdirSync(at)).toEqual(['a.txt']);
  });

  it.each(['create', 'write', 'sync', 'close', 'rename'])(
    'leaves what was there and nothing else where it fails to %s',
    async (kind) => {
      const at = folder();
      writeFileSync(join(at, 'a.txt'), 'first');
      asked((what) => (what.startsWith(`${kind} `) ? 'ENOSPC' : undefined));
      await expect(writeDurably(join(at, 'a.txt'), 'second')).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(readdirSync(at)).toEqual(['a.txt']);
      expect(readFileSync(join(at, 'a.txt'), 'utf8')).toBe('first');
    },
  );

  it('is written where folders cannot be synced, and fails where syncing one fails', async () => {
    const at = folder();
    let code = 'EINVAL';
    asked((what) => (what.startsWith('syncFolder') ? code : undefined));
    await writeDurably(join(at, 'a.txt'), 'first');
    code = 'EIO';
    await expect(writeDurably(join(at, 'a.txt'), 'second')).rejects.toMatchObject({ code: 'EIO' });
  });
});

describe('a folder that is made', () => {
  it('is there for good with those above it, and may be there already, also at the end of a link', async () => {
    const at = folder();
    const told = asked();
    await makeFolder(join(at, 'x', 'y'));
    expect(told.filter((what) => what.startsWith('sync'))).toEqual([
      `syncFolder ${basename(at)}`,
      'syncFolder x',
    ]);
    mkdirSync(join(at, 'z'));
    symlinkSync(join(at, 'z'), join(at, 'link'));
    await makeFolder(join(at, 'link'));
    writeFileSync(join(at, 'file'), '');
    await expect(makeFolder(join(at, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(at, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.runIf(process.platform === 'linux')('is refused where there is a parent that takes none', async () => {
    await expect(makeFolder('/proc/none/below')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
