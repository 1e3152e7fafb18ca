import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AssayError } from '../errors.js';
import { findNativePackage, type NativePackage, nativePackages } from './tfjs-native/package.js';
import type { ProbeAnswer } from './tfjs-native/probe.js';

/** Whether TensorFlow's native library loads on this machine, and if not, why not. */
export type AddonState =
  | {
      loads: true;
      package: string;
      version: string;
      /** The version of libtensorflow. */
      tensorflow: string;
      gpu: boolean;
      /** How far a small network and its gradient are from plain JavaScript, relative to the largest value. */
      error: number;
    }
  | { loads: false; reason: string; hint: string };

/** The addon is of use as long as it agrees with plain JavaScript: float32 sums in another order differ less. */
const TOLERANCE = 1e-4;

/** TensorFlow loads from a slow disk in half a minute, and may compile for a new GPU when it is first used. */
const PATIENCE_MS = 120_000;

const build =
  '`assay build-addon FOLDER` builds it with a TensorFlow that you have (`pip install tensorflow`); see `assay build-addon --help`';

/** What failed, by what was said of it. The first row that matches explains it. */
const failures: readonly { said: RegExp; reason(match: RegExpExecArray): string; hint: string }[] = [
  {
    said: /native addon module \(tfjs_binding\.node\) can not be found/,
    reason: () =>
      "its native addon is not there: the package's own download was switched off (ignore-scripts) or failed",
    hint: build,
  },
  {
    said: /(libtensorflow\S*?): cannot open shared object|Library not loaded: (?:@rpath\/)?(libtensorflow\S*)/,
    reason: ([, linux, mac]) => `its native addon does not find ${linux ?? mac}, which it was built with`,
    hint: `was that TensorFlow moved or removed? ${build}`,
  },
  {
    said: /version `((?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found/,
    reason: ([, version]) => `TensorFlow needs ${version}, and this system's C or C++ library is older`,
    hint: 'use an older TensorFlow, or a newer system',
  },
  {
    said: /undefined symbol: (\S+)|Symbol not found: (\S+)/,
    reason: ([, linux, mac]) =>
      `its native addon does not fit the TensorFlow that it finds: no ${linux ?? mac}`,
    hint: `was that TensorFlow updated? ${build}`,
  },
  {
    said: /invalid ELF header|wrong ELF class|incompatible architecture|Exec format error/,
    reason: () => 'its native addon was built for another kind of machine',
    hint: build,
  },
  {
    said: /Cannot find (?:module|package) '([^']+)'/,
    reason: ([, missing]) => `its package is incomplete: ${missing} is missing`,
    hint: 'install it again: `npm install --ignore-scripts`',
  },
  {
    said: /SIGILL/,
    reason: () => 'TensorFlow uses instructions that this processor lacks (AVX, in the wheels for x86)',
    hint: 'use the engine ort, which needs none of it',
  },
];

function explain(said: string): AddonState {
  for (const row of failures) {
    const match = row.said.exec(said);
    if (match) return { loads: false, reason: row.reason(match), hint: row.hint };
  }
  return { loads: false, reason: said.trim().split('\n')[0], hint: build };
}

/** The compiled probe. Under vitest this module is the TypeScript source, and a process needs JavaScript. */
function probeFile(): string {
  const here = import.meta.url;
  const url = here.endsWith('.ts')
    ? new URL('../../dist/src/engines/tfjs-native/probe.js', here)
    : new URL('./tfjs-native/probe.js', here);
  const file = fileURLToPath(url);
  if (!existsSync(file))
    throw new AssayError('engine-failed', 'the probe of the TensorFlow addon is not built', {
      file,
      hint: 'run `npm run build`',
    });
  return file;
}

/**
 * Loads the package in a process of its own and lets it compute: a native library that prints, hangs or
 * crashes then harms nobody.
 */
export function probeNativePackage(
  { name }: Pick<NativePackage, 'name'>,
  timeout = PATIENCE_MS,
): Promise<AddonState> {
  return new Promise((resolve) => {
    const options = { timeout, maxBuffer: 16 * 2 ** 20, windowsHide: true };
    execFile(process.execPath, [probeFile(), name], options, (error, stdout) => {
      const answer = lastLine(stdout);
      if (answer === undefined)
        resolve(
          error?.killed
            ? { loads: false, reason: 'its native addon did not load in time', hint: 'use the engine ort' }
            : explain(`its native addon crashed: ${error?.signal ?? `exit code ${error?.code ?? 0}`}`),
        );
      else if ('message' in answer) resolve(explain(answer.message));
      else if (!(answer.error <= TOLERANCE))
        resolve({
          loads: false,
          reason: `TensorFlow ${answer.tensorflow} loads but computes something else than plain JavaScript: relative difference ${answer.error.toExponential(1)}`,
          hint: build,
        });
      else resolve({ loads: true, package: name, ...answer });
    });
  });
}

function lastLine(stdout: string): ProbeAnswer | undefined {
  try {
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}

/** The state of the first native package that loads; when none does, what is wrong with the first installed. */
export async function detectTfjsAddon(timeoutMs?: number): Promise<AddonState> {
  const installed = nativePackages.flatMap((name) => findNativePackage(name) ?? []);
  let state: AddonState | undefined;
  for (const native of installed) {
    const found = existsSync(native.addon)
      ? await probeNativePackage(native, timeoutMs)
      : explain('native addon module (tfjs_binding.node) can not be found');
    if (found.loads) return found;
    state ??= found;
  }
  return (
    state ?? {
      loads: false,
      reason: `the optional package ${nativePackages[0]} is not installed`,
      hint: `\`npm install --ignore-scripts ${nativePackages[0]}\`, then \`assay build-addon\``,
    }
  );
}
