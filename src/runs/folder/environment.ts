import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AssayError } from '../../errors.js';
import type { Results } from '../../suites/results.js';

/** Assay's own version. */
export function assayVersion(): string {
  // Below `src` in a checkout, below `dist/src` in the package: look upwards.
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const manifest: { name?: string; version?: string } = JSON.parse(readFileSync(file, 'utf8'));
      if (manifest.name === 'assay' && manifest.version) return manifest.version;
    }
    if (dirname(folder) === folder)
      throw new AssayError('file-unreadable', "Assay's package.json is missing", {
        hint: 'install assay again',
      });
  }
}

/** Where a run happens, for reports. @param directory whose git state is told */
export async function environmentOf(engine: string, directory: string): Promise<Results['environment']> {
  const cores = cpus();
  const git = await gitState(directory);
  return {
    assay: assayVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown'}`,
    engine,
    ...(git !== undefined && { git }),
  };
}

const run = promisify(execFile);

/** Commit of a folder, with `+changes` when files it tracks differ; undefined outside of git. */
async function gitState(directory: string): Promise<string | undefined> {
  const git = async (...args: string[]) => {
    const options = { cwd: directory, timeout: 5000, windowsHide: true };
    return (await run('git', args, options)).stdout.trim();
  };
  try {
    const commit = await git('rev-parse', '--short=12', 'HEAD');
    const changes = await git('status', '--porcelain', '--untracked-files=no');
    return changes ? `${commit}+changes` : commit;
  } catch {
    return undefined;
  }
}
