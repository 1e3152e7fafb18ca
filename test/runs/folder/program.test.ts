import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'assay-program-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Puts a file there. */
const write = (name: string, text: string) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
};
const ATTACK = 'dist/src/attacks/fgsm.js';

/** A package that is little but what tells its identity. */
beforeEach(() => {
  rmSync(folder, { recursive: true });
  const parts = [
    'runs/folder/program.js',
    'runs/folder/environment.js',
    'bytes/files-below.js',
    'errors.js',
    'one-line.js',
  ];
  for (const part of parts)
    cpSync(join('dist/src', part), join(folder, 'dist/src', part), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  write('package.json', JSON.stringify({ name: 'assay', version: '1.0.0', type: 'module' }));
  write(ATTACK, 'export const steps = 1;\n');
  write('dist/src/attacks/fgsm.d.ts', 'export declare const steps: number;\n');
  write('dist/suites/attack/index.js', 'export const suite = 1;\n');
  write('reports/report.hbs', '<p>\n');
});

/** What a process says of the package. */
function identities(): { program: string; code: string } {
  const program = JSON.stringify(pathToFileURL(join(folder, 'dist/src/runs/folder/program.js')));
  const asked = `const { programIdentity, codeIdentity } = await import(${program});
    console.log(JSON.stringify({ program: programIdentity(), code: codeIdentity() }));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', asked], { encoding: 'utf8' }),
  );
}

describe('the identity of the program', () => {
  it('is that of its bytes, wherever and whenever they were written', () => {
    const before = identities();
    write(ATTACK, 'export const steps = 1;\n');
    write('dist/src/attacks/fgsm.d.ts', 'export declare const steps: 1;\n');
    expect(identities()).toEqual(before);
  });

  it.each([
    [ATTACK, 'export const steps = 2;\n'],
    ['dist/src/attacks/new.js', 'export const steps = 1;\n'],
    ['dist/suites/attack/index.js', 'export const suite = 2;\n'],
  ])('is another when code is: %s', (file, text) => {
    const before = identities();
    write(file, text);
    const after = identities();
    expect(after.program).not.toBe(before.program);
    expect(after.code).not.toBe(before.code);
  });

  it('is another when what draws is, which changes no number', () => {
    const before = identities();
    write('reports/report.hbs', '<b>\n');
    const after = identities();
    expect(after.program).not.toBe(before.program);
    expect(after.code).toBe(before.code);
  });
});
