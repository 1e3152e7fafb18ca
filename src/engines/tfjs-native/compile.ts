import { execFile } from 'node:child_process';
import { AssayError } from '../../errors.js';
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

/** The C++ compiler that `CXX` names, else the first that is installed. Errors: `engine-failed`. */
export async function findCompiler(env: NodeJS.ProcessEnv = process.env): Promise<Compiler> {
  const named = env.CXX?.trim();
  for (const words of named ? [named.split(/\s+/)] : candidates.map((name) => [name])) {
    const [command, ...prefix] = words;
    const { code, output } = await execute(command, [...prefix, '--version'], MINUTE);
    if (code === 0) return { command, prefix, title: output.split('\n')[0].trim() };
  }
  throw new AssayError('engine-failed', 'no C++ compiler works', {
    expected: named ? 'CXX to name a C++ compiler' : `one of ${candidates.join(', ')}`,
    found: named ? `CXX=${named}` : 'none',
    hint: installs[process.platform] ?? 'install a C++17 compiler, or name one in CXX',
  });
}

/** Compiles and links the addon. Errors: `engine-failed` with what the compiler said. */
export async function compileAddon(compiler: Compiler, job: CompileJob): Promise<void> {
  const { tensorflow } = job;
  const shared = process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
  const args = [
    ...compiler.prefix,
    ...['-std=c++17', '-O2', '-fPIC', ...shared],
    `-DNAPI_VERSION=${job.napi}`,
    ...[job.nodeApiHeaders, tensorflow.includeFolder].flatMap((folder) => ['-isystem', folder]),
    ...job.sources,
    ...tensorflow.libraries,
    // -Xlinker rather than -Wl: a path may hold a comma.
    ...['-Xlinker', '-rpath', '-Xlinker', tensorflow.libraryFolder],
    ...['-o', job.output],
  ];
  const { code, output } = await execute(compiler.command, args, 15 * MINUTE);
  if (code === 0) return;
  const complaints = output.split('\n').filter((line) => /error|undefined reference|cannot find/i.test(line));
  throw new AssayError('engine-failed', "TensorFlow's addon does not compile", {
    expected: `sources of the npm package that fit the TensorFlow in ${tensorflow.libraryFolder}`,
    found: complaints[0]?.trim() ?? (code === undefined ? 'no end after 15 minutes' : `exit code ${code}`),
    also: [
      ...complaints.slice(1, 4).map((line) => line.trim()),
      `the command was ${[compiler.command, ...args].map(quoted).join(' ')}`,
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
