import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { probeNativePackage } from '../../../src/engines/tfjs-addon.js';
import { findCompiler } from '../../../src/engines/tfjs-native/compile.js';
import { requireNativePackage, setNativeEnvironment } from '../../../src/engines/tfjs-native/load.js';
import { findNativePackage, nativePackages } from '../../../src/engines/tfjs-native/package.js';
import { assay } from '../../e2e/assay.js';
import { folderWith } from './folders.js';
import { operators, wave } from './operators.js';

const built = process.env.ASSAY_LONG ? inject('addon') : { reason: 'ASSAY_LONG is not set' };
const tensorflow = 'tensorflow' in built ? built.tensorflow : '';
const MINUTE = 60_000;

describe.skipIf('reason' in built)('an addon that was built with the TensorFlow of a wheel', () => {
  const native = nativePackages.flatMap((name) => findNativePackage(name) ?? [])[0];

  it('is built by the command, which says what it used', () => {
    expect(built).toMatchObject({
      printed: expect.stringMatching(
        /package .*tfjs-node.*tensorflow .*libtensorflow_cc.*compiler .*works .*TensorFlow 2\.\d+.* agrees with plain JavaScript/s,
      ),
    });
  });

  it('is found by the doctor', async () => {
    const { code, stdout } = await assay(['doctor', '--json'], '.');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual({
      what: 'tensorflow.js',
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

    it.each(operators)('$name and its gradient', async ({ shape, apply }) => {
      const on = async (backend: string) => {
        await tf.setBackend(backend);
        return tf.tidy(() => {
          const x = wave(tf, shape);
          const y = apply(tf, x);
          const g = tf.grad((input) =>
            apply(tf, input)
              .mul(wave(tf, y.shape, 0.31))
              .sum(),
          )(x);
          return [y.dataSync(), g.dataSync()];
        });
      };
      const [native, plain] = [await on('tensorflow'), await on('cpu')];
      plain.forEach((expected, i) => {
        const largest = Math.max(...expected.map(Math.abs));
        const difference = Math.max(...expected.map((value, j) => Math.abs(value - native[i][j])));
        expect(native[i].length).toBe(expected.length);
        expect(largest).toBeGreaterThan(0);
        expect(difference / largest).toBeLessThan(1e-5);
      });
    });
  });

  it('stays when another TensorFlow turns out not to work', { timeout: 10 * MINUTE }, async () => {
    // A library without anything in it: the addon links with it, and then finds no function there.
    const folder = folderWith(['empty.cc']);
    const library = process.platform === 'darwin' ? 'libtensorflow_cc.2.dylib' : 'libtensorflow_cc.so.2';
    const { command, prefix } = await findCompiler();
    const shared = process.platform === 'darwin' ? '-dynamiclib' : '-shared';
    const args = [...prefix, shared, join(folder, 'empty.cc'), '-o', join(folder, library)];
    await promisify(execFile)(command, args);
    symlinkSync(join(tensorflow, 'include'), join(folder, 'include'));

    const before = readFileSync(native.addon);
    const { code, stderr } = await assay(['build-addon', folder], '.');
    expect(code).toBe(2);
    expect(stderr).toMatch(/built but does not work, so it was taken away again.*does not fit.*TFE?_\w+/s);
    expect(readFileSync(native.addon).equals(before)).toBe(true);
    expect(existsSync(`${native.addon}.before`)).toBe(false);
    expect(await probeNativePackage(native)).toMatchObject({ loads: true });
  });

  it('says so when its TensorFlow is gone', { timeout: 2 * MINUTE }, async () => {
    const elsewhere = join(tensorflow, '..', 'elsewhere');
    mkdirSync(elsewhere);
    renameSync(tensorflow, join(elsewhere, 'tensorflow'));
    try {
      expect(await probeNativePackage(native)).toMatchObject({
        loads: false,
        reason: expect.stringMatching(/does not find libtensorflow/),
        hint: expect.stringMatching(/moved or removed\? `assay build-addon/),
      });
    } finally {
      renameSync(join(elsewhere, 'tensorflow'), tensorflow);
    }
  });
});
