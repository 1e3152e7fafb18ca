import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const script = fileURLToPath(new URL('./finish-build.js', import.meta.url));

it('removes what was compiled from files that are gone, and nothing else', () => {
  const at = mkdtempSync(join(tmpdir(), 'assay-build-'));
  onTestFinished(() => rmSync(at, { recursive: true }));
  const compiled = ['src/here.js', 'src/here.d.ts', 'src/moved.js', 'src/moved.d.ts', 'src/old/moved.js'];
  for (const file of [
    'src/here.ts',
    'src/new/moved.ts',
    ...compiled.map((name) => `dist/${name}`),
    'dist/info',
  ]) {
    mkdirSync(join(at, dirname(file)), { recursive: true });
    writeFileSync(join(at, file), '');
  }
  execFileSync(process.execPath, [script], { cwd: at });
  const left = readdirSync(join(at, 'dist'), { recursive: true, encoding: 'utf8' });
  expect(left.map((name) => name.replaceAll('\\', '/')).sort()).toEqual([
    ...['built', 'info', 'src', 'src/here.d.ts', 'src/here.js', 'src/old'],
  ]);
});
