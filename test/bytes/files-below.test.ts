import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { filesBelow } from '../../src/bytes/files-below.js';

it('finds every file below a folder, sorted, and follows no link to a folder', () => {
  const at = mkdtempSync(join(tmpdir(), 'assay-files-'));
  onTestFinished(() => rmSync(at, { recursive: true }));
  mkdirSync(join(at, 'b/c'), { recursive: true });
  mkdirSync(join(at, 'empty'));
  for (const file of ['z', 'a', 'b/c/one', 'b/two']) writeFileSync(join(at, file), '');
  symlinkSync('..', join(at, 'b/up'));
  expect(filesBelow(at)).toEqual(['a', 'b/c/one', 'b/two', 'b/up', 'z'].map((name) => join(at, name)));
  expect(() => filesBelow(join(at, 'absent'))).toThrow('ENOENT');
});
