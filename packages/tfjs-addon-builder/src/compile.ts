import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BuildError } from './build-error.js';
import type { Libtensorflow } from './libtensorflow.js';

export interface Compiler {
  command: string;
  /** Arguments that come before ours: `CXX` may be `ccache g++`. */
  prefix: readonly string[];
  /** What it calls itself. */
  title: string;
}

export interface CompileJob {
  sources: readonly string[];
  nodeApiHeaders: string;
  napi: number;
  tensorflow: Libtensorflow;
  output: string;
}

const candidates = process.platform === 'darwin' ? ['clang++', 'c++'] : ['g++', 'clang++', 'c++'];
const MINUTE = 60_000;

const installs: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'install one: `apt-get install g++` or `dnf install gcc-c++`; or name one in CXX',
  darwin: 'install one: `xcode-select --install`; or name one in CXX',
};

/** The C++ compiler that `CXX` names, else the first that is installed. Errors: `cannot-build`. */
export async function findCompiler(env: NodeJS.ProcessEnv = process.env): Promise<Compiler> {
  const named = env.CXX?.trim();
  for (const words of named ? [named] : candidates) {
    const [command = '', ...prefix] = words.split(/\s+/);
    const { code, output } = await execute(command, [...prefix, '--version'], MINUTE);
    if (code === 0) return { command, prefix, title: output.trim().replace(/\n.*/s, '') };
  }
  throw new BuildError('cannot-build', 'no C++ compiler works', {
    expected: named ? 'CXX to name a C++ compiler' : `one of ${candidates.join(', ')}`,
    found: named ? `CXX=${named}` : 'none',
    hint: installs[process.platform] ?? 'install a C++17 compiler, or name one in CXX',
  });
}

/** Compiles and links the addon. Errors: `cannot-build` with what the compiler said. */
export async function compileAddon(compiler: Compiler, job: CompileJob): Promise<void> {
  const { tensorflow } = job;
  const temporary = mkdtempSync(join(tmpdir(), 'tfjs-link-'));
  try {
    const libraries = await linkable(compiler, tensorflow, temporary);
    await compile(compiler, tensorflow, [
      ...['-std=c++17', '-O2', '-fPIC'],
      `-DNAPI_VERSION=${job.napi}`,
      ...[job.nodeApiHeaders, tensorflow.includeFolder].flatMap((folder) => ['-isystem', folder]),
      ...job.sources,
      ...libraries,
      // Not -Wl: a path may hold a comma.
      ...['-Xlinker', '-rpath', '-Xlinker', tensorflow.libraryFolder],
      ...['-o', job.output],
    ]);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Arguments that link with the libraries. On Linux they are stood in for by empty libraries of the same names: the
 * linker would read the whole of TensorFlow (a gigabyte), only to leave every symbol to be found when it is loaded.
 */
async function linkable(compiler: Compiler, tensorflow: Libtensorflow, folder: string): Promise<string[]> {
  if (process.platform === 'darwin')
    return ['-bundle', '-undefined', 'dynamic_lookup', ...tensorflow.libraries];
  const empty: string[] = [];
  for (const library of tensorflow.libraries) {
    const name = basename(library);
    const output = join(folder, name);
    const named = ['-Xlinker', '-soname', '-Xlinker', name];
    await compile(compiler, tensorflow, ['-shared', '-x', 'c++', '/dev/null', ...named, '-o', output]);
    empty.push(output);
  }
  // Some distributions drop a library that no symbol is needed of.
  return ['-shared', '-Xlinker', '--no-as-needed', ...empty];
}

async function compile(
  compiler: Compiler,
  tensorflow: Libtensorflow,
  args: readonly string[],
): Promise<void> {
  const words = [...compiler.prefix, ...args];
  const { code, output } = await execute(compiler.command, words, 15 * MINUTE);
  if (code === 0) return;
  const complaints = output
    .split('\n')
    .filter((line) => /error|cannot find/i.test(line))
    .map((line) => line.trim());
  throw new BuildError('cannot-build', "TensorFlow's addon does not compile", {
    expected: `sources of the npm package that fit the TensorFlow in ${tensorflow.libraryFolder}`,
    found: complaints[0] ?? (code === undefined ? 'no end after 15 minutes' : `exit code ${code}`),
    also: [
      ...complaints.slice(1, 4),
      `the command was ${[compiler.command, ...words].map(quoted).join(' ')}`,
    ],
    hint: 'use a TensorFlow that is known to work: 2.12 to 2.21 (`pip install tensorflow==2.21.0`)',
  });
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Runs a command; its code is undefined when it cannot be started or does not end in time. */
function execute(
  command: string,
  args: readonly string[],
  timeout: number,
): Promise<{ code: number | undefined; output: string }> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      // Messages are matched and shown in English.
      { timeout, maxBuffer: 64 * 2 ** 20, windowsHide: true, env: { ...process.env, LC_ALL: 'C' } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
        resolve({ code, output: `${stdout}${stderr}` });
      },
    );
  });
}
