import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, onTestFinished, vi } from 'vitest';
import { writeAtomically } from '../../src/report/output.js';

const at = mkdtempSync(join(tmpdir(), 'assay-output-'));
afterAll(() => rmSync(at, { recursive: true, force: true }));

/** What files of this process are, whichever way they are opened. */
async function fileHandles(): Promise<{ sync(): Promise<void> }> {
  const handle = await open(at, 'r');
  await handle.close();
  return Object.getPrototypeOf(handle);
}

it('a file of the report is on the disk, whole, before it takes its name', async () => {
  const target = join(at, 'tables/a.tex');
  const seen: [named: boolean, held: string[]][] = [];
  const handles = await fileHandles();
  const { sync } = handles;
  const spy = vi.spyOn(handles, 'sync').mockImplementation(async function (this: object) {
    await sync.call(this);
    const there = readdirSync(join(at, 'tables'));
    seen.push([existsSync(target), there.map((name) => readFileSync(join(at, 'tables', name), 'utf8'))]);
  });
  onTestFinished(() => spy.mockRestore());
  await writeAtomically(target, 'first');
  expect(seen).toEqual([[false, ['first']]]);
  expect(readdirSync(join(at, 'tables'))).toEqual(['a.tex']);
  await writeAtomically(target, 'second');
  expect(seen[1]).toEqual([true, expect.arrayContaining(['first', 'second'])]);
  expect(readFileSync(target, 'utf8')).toBe('second');
});
