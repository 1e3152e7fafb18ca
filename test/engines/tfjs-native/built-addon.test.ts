// @module-tag tensorflow
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import { findCompiler } from 'tfjs-addon-builder/compile.js';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { requireNativePackage, setNativeEnvironment } from '../../../src/engines/tfjs-native/load.js';
import { findNativePackage, nativePackages } from '../../../src/engines/tfjs-native/package.js';
import { assay } from '../../e2e/assay.js';
import { assayCopy } from './copy.js';
import { folderWith } from './folders.js';
import { operators, wave } from './operators.js';

const built = process.env.ASSAY_TENSORFLOW ? inject('addon') : { reason: 'ASSAY_TENSORFLOW is not set' };
const tensorflow = 'tensorflow' in built ? built.tensorflow : '';
const MINUTE = 60_000;

describe.skipIf('reason' in built)('an addon that was built with the TensorFlow of a wheel', () => {
  const native = nativePackages.flatMap((name) => findNativePackage(name) ?? [])[0]!;

  it('is built by the command, which says what it used', () => {
    expect(built).toMatchObject({
      printed: expect.stringMatching(
        /package .*tfjs-node.*tensorflow .*libtensorflow_cc.*compiler .*works .*TensorFlow 2\.\d+.* agrees with plain JavaScript/s,
      ),
    });
  });

  it('is found by the doctor', { timeout: 3 * MINUTE }, async () => {
    const { code, stdout } = await assay(['doctor', '--json'], '.');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual({
      what: 'tfjs addon',
      state: 'ok',
      found: expect.stringMatching(/with TensorFlow 2\.\d+\.\d+ on the [CG]PU/),
    });
  });

  describe('computes as plain JavaScript does:', () => {
    let tf: ReturnType<typeof requireNativePackage>;
    beforeAll(() => {
      setNativeEnvironment();
      tf = requireNativePackage(native.name);
    });

    it.each(operators)('$name and its gradient', async ({ shape, apply, plainIsWrong }) => {
      const on = async (backend: string) => {
        await tf.setBackend(backend);
        return tf.tidy(() => {
          const x = wave(tf, shape);
          const y = apply(tf, x);
          const w = wave(tf, y.shape, 0.31);
          const g = tf.grad((input) => apply(tf, input).mul(w).sum())(x);
          return {
            value: y.dataSync(),
            gradient: g.dataSync(),
            // Equal where the operator is linear: the gradient is its adjoint.
            products: [y.mul(w).sum().dataSync()[0], g.mul(x).sum().dataSync()[0]],
          };
        });
      };
      const [native, plain] = [await on('tensorflow'), await on('cpu')];
      expectClose(native.value, plain.value);
      if (plainIsWrong) expectClose([native.products[1]!], [native.products[0]!]);
      else expectClose(native.gradient, plain.gradient);
    });
  });

  it('is taken away when it does not work, and explained when its TensorFlow is gone', {
    timeout: 15 * MINUTE,
  }, async () => {
    const root = assayCopy(native.name);
    const addon = join(root, 'node_modules', native.addon.split(`${sep}node_modules${sep}`)[1]!);
    const command = (...args: string[]) =>
      launch(process.execPath, [join(root, 'dist/src/cli/main.js'), ...args]);
    const doctor = async () => {
      const findings: { what: string }[] = JSON.parse((await command('doctor', '--json')).stdout);
      return findings.find(({ what }) => what === 'tfjs addon');
    };
    expect(await doctor()).toMatchObject({
      state: 'absent',
      hint: expect.stringContaining('assay build-addon'),
    });

    // By way of a link, which goes away later.
    const link = join(root, 'tensorflow');
    symlinkSync(tensorflow, link);
    expect(await command('build-addon', link)).toMatchObject({ code: 0, stderr: '' });
    expect(await doctor()).toMatchObject({ state: 'ok' });

    // A library without anything in it: the addon links with it, and then finds no function there.
    const empty = folderWith(['empty.cc']);
    const { command: compiler, prefix } = await findCompiler();
    const [shared, library] =
      process.platform === 'darwin'
        ? ['-dynamiclib', 'libtensorflow_cc.2.dylib']
        : ['-shared', 'libtensorflow_cc.so.2'];
    await launch(compiler, [...prefix, shared, join(empty, 'empty.cc'), '-o', join(empty, library)]);
    symlinkSync(join(tensorflow, 'include'), join(empty, 'include'));
    const before = readFileSync(addon);
    const { code, stderr } = await command('build-addon', empty);
    expect(code).toBe(2);
    expect(stderr).toMatch(/built but does not work, so it was taken away again.*does not fit.*TFE?_\w+/s);
    expect(readFileSync(addon).equals(before)).toBe(true);
    expect(readdirSync(dirname(addon))).toEqual([basename(addon)]);

    rmSync(link);
    expect(await doctor()).toMatchObject({
      state: 'absent',
      found: expect.stringMatching(/does not find libtensorflow/),
      hint: expect.stringMatching(/moved or removed\? `assay build-addon/),
    });
  });
});

/** Differences are relative to the largest value. */
function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>) {
  expect(got.length).toBe(wanted.length);
  const largest = Math.max(...Array.from(wanted, Math.abs));
  expect(largest).toBeGreaterThan(0);
  const difference = Math.max(...Array.from(wanted, (value, i) => Math.abs(value - got[i]!)));
  expect(difference / largest).toBeLessThan(1e-5);
}

const run = promisify(execFile);

/** Runs a command to its end, whatever its exit code. */
async function launch(
  file: string,
  args: string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const failed = (error: { code: number; stdout: string; stderr: string }) => error;
  return run(file, args).then((output) => ({ code: 0, ...output }), failed);
}
