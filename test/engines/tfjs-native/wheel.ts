import { execFile } from 'node:child_process';
import { createWriteStream, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { openPromise } from 'yauzl';

const run = promisify(execFile);

/** The newest TensorFlow that the addon was tried with. The wheel without CUDA exists for some machines only. */
const TENSORFLOW = `${process.platform === 'linux' && process.arch === 'x64' ? 'tensorflow-cpu' : 'tensorflow'}==2.21.0`;

const MINUTE = 60_000;
const pips = [['pip3'], ['pip'], ['python3', '-m', 'pip']];

/**
 * Downloads a TensorFlow wheel (about 270 MB) into a folder and unpacks its libraries and C headers there.
 * @returns the `tensorflow` folder, or in one line why there is none
 */
export async function fetchTensorflow(folder: string): Promise<{ tensorflow: string } | { reason: string }> {
  const pip = await workingPip();
  if (!pip) return { reason: 'there is no pip' };
  const [command, ...prefix] = pip as [string, ...string[]];
  const options = ['--no-deps', '--only-binary=:all:', '--python-version=3.12', '--no-cache-dir', '--quiet'];
  const patience = ['--disable-pip-version-check', '--timeout=30', '--retries=2'];
  try {
    const args = [...prefix, 'download', TENSORFLOW, ...options, ...patience, '--dest', folder];
    await run(command, args, { timeout: 20 * MINUTE, maxBuffer: 2 ** 24 });
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    const lines = stderr.trim().split('\n');
    const last = lines.filter((line) => line.startsWith('ERROR')).at(-1) ?? lines.at(-1);
    return { reason: `pip does not download ${TENSORFLOW}: ${last || message}` };
  }
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (!wheel) return { reason: `pip downloaded no wheel of ${TENSORFLOW}` };
  await unpack(join(folder, wheel), folder);
  rmSync(join(folder, wheel));
  return { tensorflow: join(folder, 'tensorflow') };
}

async function workingPip(): Promise<string[] | undefined> {
  for (const pip of pips) {
    const [command, ...prefix] = pip as [string, ...string[]];
    const works = await run(command, [...prefix, '--version'], { timeout: MINUTE }).catch(() => undefined);
    if (works) return pip;
  }
  return undefined;
}

const wanted = /^tensorflow\/(libtensorflow\w*\.(so\.2|2\.dylib)|include\/(tensorflow|tsl|xla)\/.*\.h)$/;

async function unpack(wheel: string, folder: string): Promise<void> {
  const zip = await openPromise(wheel, { autoClose: false });
  for await (const entry of zip.eachEntry()) {
    if (!wanted.test(entry.fileName)) continue;
    const file = join(folder, entry.fileName);
    mkdirSync(dirname(file), { recursive: true });
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(file));
  }
  zip.close();
}
