import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow } from '../../bytes/files-below.js';
import { assayVersion } from './environment.js';

/** Our own code, its templates, and the folder that dependencies are sought from. */
const here = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const CODE = [here, join(dirname(here), 'suites')];

const digests = new Map<string, string>();

/**
 * A digest of what decides numbers wherever it runs: our code, and the versions of what it depends on. Processors and Node may
 * differ, and optional packages be absent.
 */
export function codeIdentity(): string {
  return once('CODE', identifyCode);
}

/**
 * A digest of what computes, formats and draws: our code, the versions of what it depends on, Node and the processor.
 * What one program made, another may make otherwise, so nothing of it is taken over. The version alone would not tell
 * in a checkout.
 */
export function programIdentity(): string {
  return once('PROGRAM', identify);
}

function once(name: string, digest: () => string): string {
  const known = digests.get(name) ?? digest();
  digests.set(name, known);
  return known;
}

function identify(): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([assayVersion(), process.version, process.platform, process.arch]));
  hash.update(cpus()[0]?.model ?? '');
  hash.update(codeIdentity());
  hashFiles(hash, [join(packageFolder(), 'reports')]);
  hashVersions(hash, ({ dependencies, peerDependencies }) => ({ ...dependencies, ...peerDependencies }));
  return hash.digest('hex');
}

function identifyCode(): string {
  const hash = createHash('sha256').update(assayVersion());
  hashFiles(hash, CODE);
  hashVersions(hash, ({ dependencies }) => dependencies ?? {});
  return hash.digest('hex');
}

function hashFiles(hash: Hash, folders: readonly string[]): void {
  const top = packageFolder();
  for (const folder of folders)
    for (const file of filesBelow(folder).filter(decides))
      hash.update(`\n${file.slice(top.length)}\n`).update(readFileSync(file));
}

function hashVersions(hash: Hash, packagesOf: (manifest: Manifest) => Record<string, string>): void {
  const top = packageFolder();
  const manifest: Manifest = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
  for (const name of Object.keys(packagesOf(manifest)).sort())
    hash.update(`\n${name} ${installedVersion(name, top) ?? 'absent'}`);
}

interface Manifest {
  version?: string;
  dependencies?: Record<string, string>;
  /** Optional ones: engines that not everyone needs. */
  peerDependencies?: Record<string, string>;
}

function packageFolder(): string {
  let folder = here;
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Types and maps decide nothing. */
const decides = (file: string): boolean => /\.(js|ts|hbs|css|json)$/.test(file) && !file.endsWith('.d.ts');

function installedVersion(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, 'node_modules', name, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as Manifest).version;
    if (dirname(folder) === folder) return undefined;
  }
}
