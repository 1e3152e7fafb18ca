/**
 * Ends a build: what was compiled from files that are gone is removed from dist/, since it would be packed, and would make
 * another program of the same code (src/runs/folder/program.ts). `dist/built` then says when that was.
 */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

for (const file of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
  const compiled = /\.(d\.ts|js)$/;
  if (compiled.test(file) && !existsSync(file.replace(compiled, '.ts'))) rmSync(join('dist', file));
}
writeFileSync('dist/built', '');
