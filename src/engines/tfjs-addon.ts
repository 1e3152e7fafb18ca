import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Whether TensorFlow's native library loads on this machine, and if not, why not. */
export type AddonState = { loads: true; version: string } | { loads: false; reason: string; hint: string };

/** The last line of the child's output: one JSON object. */
const probe = (packageName: string) => `
const answer = (value) => process.stdout.write('\\n' + JSON.stringify(value));
try {
  const tf = await import('${packageName}');
  answer({ version: tf.version?.['tfjs-node'] ?? tf.version_core ?? 'unknown' });
} catch (error) {
  answer({ code: error?.code ?? '', message: String(error?.message ?? error) });
}`;

function explain(packageName: string, code: string, message: string): AddonState {
  if (/MODULE_NOT_FOUND/.test(code) && message.includes(packageName))
    return {
      loads: false,
      reason: `the optional package ${packageName} is not installed`,
      hint: `npm install ${packageName}`,
    };
  if (/MODULE_NOT_FOUND/.test(code) || /tfjs_binding\.node|native addon/i.test(message))
    return {
      loads: false,
      reason: 'its native addon was not downloaded: npm was told to ignore install scripts, or it failed',
      hint: `npm rebuild ${packageName} --ignore-scripts=false (needs CUDA and a network; Node 20 or 22)`,
    };
  return {
    loads: false,
    reason: message.split('\n')[0],
    hint: `see the installation notes of ${packageName}`,
  };
}

/** Whether there is anything to try: a process is not started for nothing. */
function isInstalled(packageName: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${packageName}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Tries to load the optional TensorFlow addon in a process of its own: a native library that prints or
 * crashes then harms nobody.
 */
export function detectTfjsAddon(
  packageName = '@tensorflow/tfjs-node-gpu',
  timeoutMs = 30_000,
): Promise<AddonState> {
  if (!isInstalled(packageName))
    return Promise.resolve(explain(packageName, 'MODULE_NOT_FOUND', packageName));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', probe(packageName)],
      // Imports resolve from the working folder: take this package's.
      { cwd: fileURLToPath(new URL('.', import.meta.url)), timeout: timeoutMs, windowsHide: true },
      (error, stdout) => {
        try {
          const answer = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
          if (typeof answer.version === 'string') resolve({ loads: true, version: answer.version });
          else resolve(explain(packageName, String(answer.code), String(answer.message)));
        } catch {
          const how = error?.killed ? 'did not load in time' : 'crashed while loading';
          resolve({
            loads: false,
            reason: `its native addon ${how}`,
            hint: 'leave it: ort needs none of it',
          });
        }
      },
    );
  });
}
