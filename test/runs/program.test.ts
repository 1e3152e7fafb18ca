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
    'runs/program.js',
    'runs/environment.js',
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

interface Identities {
  program: string;
  code: string;
  /** Of a process that this one has started. */
  child?: Identities;
}

/** What processes say of the package, and what a process says that one of them starts after doing something. */
function identities(between?: string, environment: NodeJS.ProcessEnv = {}): Identities {
  const program = JSON.stringify(pathToFileURL(join(folder, 'dist/src/runs/program.js')));
  const asked = `const { programIdentity, codeIdentity } = await import(${program});
    const said = { program: programIdentity(), code: codeIdentity() };`;
  const child = `${asked} console.log(JSON.stringify(said));`;
  const whole =
    between === undefined
      ? child
      : `${asked} ${between};
        const { execFileSync } = await import('node:child_process');
        said.child = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(child)}], { encoding: 'utf8' }));
        console.log(JSON.stringify(said));`;
  const env = { ...process.env, ...environment };
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', whole], { encoding: 'utf8', env }),
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

  const CHANGES = `(await import('node:fs')).writeFileSync(${JSON.stringify(join(folder, ATTACK))}, 'changed')`;

  it('is handed down to the processes that it starts, which do not read all code again', () => {
    const { child, ...parent } = identities(CHANGES);
    expect(child).toEqual(parent);
    expect(identities().program).not.toBe(parent.program);
  });

  it.each([
    ['a minute later', 'at: given.at - 60_000'],
    ['by another process', 'by: 1'],
    ['of another folder', "folder: '/elsewhere'"],
  ])('is not taken over %s', (_, change) => {
    const changed = `${CHANGES};
      for (const name of ['ASSAY_PROGRAM_IDENTITY', 'ASSAY_CODE_IDENTITY']) {
        const given = JSON.parse(process.env[name]);
        process.env[name] = JSON.stringify({ ...given, ${change} });
      }`;
    const { child, ...parent } = identities(changed);
    expect(child!.program).not.toBe(parent.program);
    expect(child).toEqual(identities());
  });

  it('is not taken from what is no JSON', () => {
    expect(identities(undefined, { ASSAY_PROGRAM_IDENTITY: '{' })).toEqual(identities());
  });
});
