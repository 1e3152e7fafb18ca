import { existsSync } from 'node:fs';
import { askProcess } from './ask-process.js';
import { compiledFile } from './compiled.js';
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

const useOrt = 'use the engine ort, which needs none of it';

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
    hint: useOrt,
  },
];

/** Why an addon does not load, from what Node, the loader or the package said of it. */
export function explainAddon(said: string): AddonState {
  for (const row of failures) {
    const match = row.said.exec(said);
    if (match) return { loads: false, reason: row.reason(match), hint: row.hint };
  }
  return { loads: false, reason: said.trim().split('\n')[0]!, hint: build };
}

/** Loads the package in a process of its own and lets it compute. */
export async function probeNativePackage(
  { name }: Pick<NativePackage, 'name'>,
  timeout = PATIENCE_MS,
): Promise<AddonState> {
  const file = compiledFile('tfjs-native/probe.js', 'the probe of the TensorFlow addon');
  const report = await askProcess<ProbeAnswer>(file, [name], timeout);
  if ('answer' in report) return judge(name, report.answer);
  if ('late' in report)
    return { loads: false, reason: 'its native addon did not load in time', hint: useOrt };
  // The loader's last words, for example about a symbol that it misses only when it is called.
  const words = report.stderr.trim().split('\n').at(-1);
  return explainAddon(`its native addon crashed: ${words ? `${report.crash}, ${words}` : report.crash}`);
}

function judge(name: string, answer: ProbeAnswer): AddonState {
  if ('message' in answer) return explainAddon(answer.message);
  const { error, ...versions } = answer;
  if (error !== null && error <= TOLERANCE) return { loads: true, package: name, ...versions, error };
  return {
    loads: false,
    reason: `TensorFlow ${answer.tensorflow} loads but does not compute what plain JavaScript does: relative difference ${error?.toExponential(1) ?? 'not a number'}`,
    hint: useOrt,
  };
}

/** Probes that are under way or done: engines ask often, and an addon does not change in between. */
const known = new Map<string, Promise<AddonState>>();

/** Whether a native package loads and computes here, and if not, what to do. Asked once a process. */
export function detectTfjsAddon(name: string = nativePackages[0]): Promise<AddonState> {
  const state = known.get(name) ?? inspectPackage(name);
  known.set(name, state);
  return state;
}

async function inspectPackage(name: string): Promise<AddonState> {
  const native = findNativePackage(name);
  if (!native)
    return {
      loads: false,
      reason: `the optional package ${name} is not installed`,
      hint: `\`npm install --ignore-scripts ${name}\`, then \`assay build-addon\``,
    };
  // A process is not started for nothing.
  if (!existsSync(native.addon))
    return explainAddon('native addon module (tfjs_binding.node) can not be found');
  return probeNativePackage(native);
}
